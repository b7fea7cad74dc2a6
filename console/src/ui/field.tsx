import { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react'
import type { Failure } from '../api/problem'
import { sentence } from './banner'
import { cx } from './class'

const Failed = createContext<Failure | undefined>(undefined)

/**
 * A form whose fields show what the server says is wrong with them: each field finds its own words by its name, which is the
 * path of its member in the body.
 */
export function Form({ failure, onSubmit, ...rest }: Omit<ComponentProps<'form'>, 'onSubmit'> & { failure?: Failure; onSubmit: () => unknown }) {
  return (
    <Failed value={failure}>
      <form
        noValidate
        className="space-y-5"
        {...rest}
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation() // a form in a dialog is inside another one for React
          onSubmit()
        }}
      />
    </Failed>
  )
}

type FieldProps = { name?: string; label: ReactNode; hint?: ReactNode; error?: string; optional?: boolean; className?: string }

export const inputLook =
  'block w-full min-h-10 rounded-lg border border-edge bg-card px-3 py-1.5 text-ink placeholder:text-soft aria-invalid:border-2 aria-invalid:border-wrong disabled:opacity-60 [&[readonly]]:bg-paper'

/** A label, a hint, what is wrong, and the control between them, which gets their ids. */
export function Field({ name, label, hint, error, optional, className, children }: FieldProps & { children: (wired: { id: string; name?: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode }) {
  const id = useId()
  const failed = useContext(Failed)
  const wrong = error ?? (name ? failed?.fields.get(name) : undefined)
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(' ')
  return (
    <div className={cx('space-y-1.5', className)}>
      <label htmlFor={id} className="block font-semibold">
        {label} {optional && <span className="font-normal text-soft">(optional)</span>}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      )}
      {children({ id, name, 'aria-describedby': described || undefined, 'aria-invalid': wrong ? true : undefined })}
      {wrong && (
        <p id={`${id}-wrong`} className="text-sm font-semibold text-wrong">
          {sentence(wrong)}
        </p>
      )}
    </div>
  )
}

/** One line of text. Names and ids are not words: browsers leave them alone. */
export function TextField({ label, hint, error, optional, className, ...rest }: FieldProps & Omit<ComponentProps<'input'>, 'className'>) {
  return (
    <Field name={rest.name} {...{ label, hint, error, optional, className }}>
      {(wired) => <input autoComplete="off" spellCheck={false} {...rest} {...wired} className={inputLook} />}
    </Field>
  )
}

/** Several lines of text. */
export function TextArea({ label, hint, error, optional, className, mono, ...rest }: FieldProps & { mono?: boolean } & Omit<ComponentProps<'textarea'>, 'className'>) {
  return (
    <Field name={rest.name} {...{ label, hint, error, optional, className }}>
      {(wired) => <textarea rows={3} spellCheck={!mono} {...rest} {...wired} className={cx(inputLook, mono && 'font-mono text-sm')} />}
    </Field>
  )
}

/** One of a few. The browser's own, which every assistive technology knows. */
export function Select({ label, hint, error, optional, className, options, ...rest }: FieldProps & { options: readonly (readonly [value: string, label: string])[] } & Omit<ComponentProps<'select'>, 'className'>) {
  return (
    <Field name={rest.name} {...{ label, hint, error, optional, className }}>
      {(wired) => (
        <select {...rest} {...wired} className={inputLook}>
          {options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** Yes or no, as part of a form that is saved later. What takes effect at once is a Switch. */
export function Checkbox({ label, hint, className, ...rest }: { label: ReactNode; hint?: ReactNode } & Omit<ComponentProps<'input'>, 'type'>) {
  const id = useId()
  return (
    <div className={cx('flex gap-2.5', className)}>
      <input {...rest} type="checkbox" id={id} aria-describedby={hint ? `${id}-hint` : undefined} className="mt-0.5 size-5 shrink-0 accent-accent" />
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

/** Several choices under one name: checkboxes or radios inside. */
export function Group({ label, hint, error, name, optional, children }: FieldProps & { children: ReactNode }) {
  const id = useId()
  const failed = useContext(Failed)
  const wrong = error ?? (name ? failed?.fields.get(name) : undefined)
  return (
    <fieldset aria-describedby={[hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(' ') || undefined} className="min-w-0 space-y-2">
      <legend className="mb-1.5 font-semibold">
        {label} {optional && <span className="font-normal text-soft">(optional)</span>}
      </legend>
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      )}
      {children}
      {wrong && (
        <p id={`${id}-wrong`} className="text-sm font-semibold text-wrong">
          {sentence(wrong)}
        </p>
      )}
    </fieldset>
  )
}

/** One of a few, all of them seen, each with a sentence. */
export function Choices<V extends string>({ name, label, hint, value, onChange, options }: FieldProps & { value: V; onChange: (value: V) => void; options: readonly { value: V; label: ReactNode; hint?: ReactNode; disabled?: boolean }[] }) {
  const id = useId()
  return (
    <Group name={name} label={label} hint={hint}>
      {options.map((option) => (
        <div key={option.value} className="flex gap-2.5">
          <input type="radio" id={`${id}-${option.value}`} name={id} checked={value === option.value} disabled={option.disabled} onChange={() => onChange(option.value)} aria-describedby={option.hint ? `${id}-${option.value}-hint` : undefined} className="mt-0.5 size-5 shrink-0 accent-accent" />
          <div className="min-w-0">
            <label htmlFor={`${id}-${option.value}`}>{option.label}</label>
            {option.hint && (
              <p id={`${id}-${option.value}-hint`} className="text-sm text-soft">
                {option.hint}
              </p>
            )}
          </div>
        </div>
      ))}
    </Group>
  )
}

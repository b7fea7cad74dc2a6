import { Upload } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { announce } from '../../ui/announce'
import { Banner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { cx } from '../../ui/class'
import { TextArea } from '../../ui/field'
import { isPrivate, pemOf, refusal } from './credential-pem'

const most = 64 * 1024

/** A text that is pasted, chosen as a file or dropped. A private key is refused here, before it goes anywhere. */
export function PublicText({ name, label, hint, accept, value, onChange, placeholder }: { name: string; label: string; hint: string; accept: string; value: string; onChange: (value: string) => void; placeholder?: string }) {
  const [wrong, setWrong] = useState('')
  const [over, setOver] = useState(false)
  const picker = useRef<HTMLInputElement>(null)
  const id = useId()
  const take = (text: string, file = '') => {
    const refused = isPrivate(text, file)
    setWrong(refused ? refusal : '')
    if (refused) announce(refusal)
    onChange(refused ? '' : text)
  }
  const open = async (file?: File) => {
    if (!file) return
    if (file.size > most) return setWrong(`${file.name} is larger than 64 kB, so it is not what is meant here.`)
    const text = isPrivate('', file.name) ? '' : await pemOf(file)
    if (text === undefined) return setWrong(`${file.name} is neither text nor a certificate. If it is a private key, it stays with you: give its public half.`)
    take(text, file.name)
  }
  return (
    <div className="space-y-3">
      <div
        className={cx('space-y-3 rounded-lg border border-dashed p-4', over ? 'border-accent bg-mint' : 'border-edge')}
        onDragOver={(e) => {
          e.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault()
          setOver(false)
          void open(e.dataTransfer.files[0])
        }}
      >
        <TextArea name={name} label={label} hint={hint} mono rows={6} value={value} onChange={(e) => take(e.target.value)} placeholder={placeholder} />
        <input
          ref={picker}
          id={id}
          type="file"
          accept={accept}
          aria-label={`${label}: choose a file`}
          className="sr-only"
          tabIndex={-1}
          onChange={(e) => {
            void open(e.target.files?.[0])
            e.target.value = ''
          }}
        />
        <Button onClick={() => picker.current?.click()}>
          <Upload aria-hidden="true" className="size-4" /> Choose a file, or drop it here
        </Button>
      </div>
      {wrong && <Banner kind="wrong" title={wrong} />}
    </div>
  )
}

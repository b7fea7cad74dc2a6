import { useFilters } from '../../ui/address'
import { inputLook } from '../../ui/field'

/** One choice that narrows the list, kept in the address under its name. */
export function Filter({ label, name, options }: { label: string; name: string; options: readonly (readonly [string, string])[] }) {
  const [filters, setFilters] = useFilters()
  return (
    <select aria-label={label} name={name} value={filters[name] ?? ''} onChange={(e) => setFilters({ [name]: e.target.value })} className={`${inputLook} w-auto!`}>
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  )
}

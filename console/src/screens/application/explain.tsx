import { CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { Application, Explanation } from '../../api/schema'
import { useAction } from '../../ui/action'
import { announce } from '../../ui/announce'
import { Banner, FailureBanner, sentence } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Form, Select, TextField } from '../../ui/field'
import { Section } from '../../ui/page'
import { arg } from '../../ui/shell'
import { ShowAs } from '../../ui/showas'
import { useCredentialChoice } from './credential-choice'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Answers whether a credential may make a request here, and where its authority ends if it may not. */
export function Explain({ application }: { application: Application }) {
  const { client_id: id } = application
  const { options: choices } = useCredentialChoice(id)
  const [asked, setAsked] = useState({ credential: '', method: 'GET', path: '/users', field: '' })
  const [found, setFound] = useState<Explanation>()
  const query = { credential: asked.credential || choices[0]?.[0] || id, method: asked.method, path: asked.path, ...(asked.field && { field: asked.field }) }
  const { run, busy, failure } = useAction(() => ask(api.GET('/access/explain', { params: { query } })))
  if (choices.length === 0) return null
  const set = (name: keyof typeof asked) => (e: { target: { value: string } }) => {
    setAsked({ ...asked, [name]: e.target.value })
    setFound(undefined)
  }
  return (
    <Section title="Why, or why not?" lead="What decides about a request of one of its credentials to Counterfoil, step by step. Nothing is sent.">
      <Form
        failure={failure}
        onSubmit={async () => {
          const answer = await run()
          setFound(answer)
          if (answer) announce(answer.allowed ? 'It is allowed' : 'It is refused')
        }}
      >
        <div className="grid gap-5 sm:grid-cols-2">
          <Select name="credential" label="Credential" value={query.credential} onChange={set('credential')} options={choices} />
          <Select name="method" label="Method" value={asked.method} onChange={set('method')} options={methods.map((one) => [one, one] as const)} />
          <TextField name="path" label="Path" hint="Such as /users/42; /api/v1 may be left out." value={asked.path} onChange={set('path')} />
          <TextField name="field" label="Field" optional hint="One that the request sets, such as password." value={asked.field} onChange={set('field')} />
        </div>
        <FailureBanner failure={failure} known={['credential', 'method', 'path', 'field']} />
        <Button type="submit" busy={busy}>
          Explain
        </Button>
        {found && <Verdict of={found} />}
        <ShowAs
          asked={{
            method: 'GET',
            path: `/access/explain?${new URLSearchParams(query)}`,
            cli: `access explain ${query.credential} ${asked.method} ${arg(asked.path)}${asked.field && ` --field ${arg(asked.field)}`}`,
            go: `why, err := c.ExplainAccess(ctx, client.AccessQuestion{Credential: "${query.credential}", Method: "${asked.method}", Path: ${JSON.stringify(asked.path)}${asked.field && `, Field: ${JSON.stringify(asked.field)}`}})`,
          }}
        />
      </Form>
    </Section>
  )
}

const Verdict = ({ of }: { of: Explanation }) => (
  <div className="space-y-3">
    <Banner kind={of.allowed ? 'good' : 'wrong'} title={of.allowed ? 'It is allowed' : 'It is refused'}>
      {of.rules.map((rule) => (
        <p key={`${rule.method} ${rule.path} ${rule.field ?? ''}`}>
          <code>
            {rule.method} {rule.path}
          </code>
          {rule.field && ` with ${rule.field}`} asks for {rule.asks}. {rule.why && sentence(rule.why)}
        </p>
      ))}
    </Banner>
    <ol aria-label="What was looked at" className="space-y-2">
      {of.steps.map((step, i) => (
        <li key={i} className="flex gap-2.5">
          {step.holds ? <CircleCheck role="img" aria-label="Holds" className="mt-0.5 size-5 shrink-0 text-good" /> : <CircleX role="img" aria-label="Ends here" className="mt-0.5 size-5 shrink-0 text-wrong" />}
          <span className="min-w-0">{sentence(step.says)}</span>
        </li>
      ))}
    </ol>
  </div>
)

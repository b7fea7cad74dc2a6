import { useState } from 'react'
import { api, ask } from '../../api/client'
import type { User } from '../../api/schema'
import { useMay } from '../../api/session'
import { useAction } from '../../ui/action'
import { FailureBanner } from '../../ui/banner'
import { Button } from '../../ui/button'
import { Confirm, Dialog, DialogButtons } from '../../ui/dialog'
import { Checkbox, Form, TextField } from '../../ui/field'
import { Fact, Facts, Section } from '../../ui/page'
import { hidden, ShowAs } from '../../ui/showas'
import { called, passwordWords } from './person'

/** The password of a person, and the mails by which the person chooses one. */
export function Password({ user, tell }: { user: User; tell: (text: string) => void }) {
  const may = useMay()
  const [setting, setSetting] = useState(false)
  const [clearing, setClearing] = useState(false)
  const path = { params: { path: { user: user.id } } }
  const clear = useAction(() => ask(api.DELETE('/users/{user}/password', path)))
  const activation = useAction(() => ask(api.POST('/users/{user}/send-activation', path)))
  const reset = useAction(() => ask(api.POST('/users/{user}/send-reset', path)))
  return (
    <Section
      title="Password"
      actions={
        <>
          {may('users:write') && (
            <>
              <Button busy={activation.busy} onClick={async () => (await activation.run()) && tell('The link to set a first password with is on its way.')}>
                Send activation mail
              </Button>
              <Button busy={reset.busy} onClick={async () => (await reset.run()) && tell('The link to choose a new password with is on its way.')}>
                Send reset mail
              </Button>
            </>
          )}
          {may('users:password') && (
            <>
              <Button onClick={() => setSetting(true)}>Set password</Button>
              {user.password_state !== 'none' && (
                <Button look="danger" onClick={() => setClearing(true)}>
                  Take password away
                </Button>
              )}
            </>
          )}
        </>
      }
    >
      <FailureBanner failure={activation.failure ?? reset.failure} />
      <Facts>
        <Fact name="Password">{passwordWords[user.password_state]}</Fact>
      </Facts>
      {setting && <SetPassword user={user} tell={tell} onClose={() => setSetting(false)} />}
      {clearing && (
        <Confirm
          open
          onClose={() => setClearing(false)}
          title={`Take the password of ${called(user)} away?`}
          verb={`Take the password of ${called(user)} away`}
          busy={clear.busy}
          failure={clear.failure}
          onConfirm={async () => {
            if (!(await clear.run())) return
            setClearing(false)
            tell('The password is gone, and sessions and links with it.')
          }}
        >
          <p>The person cannot sign in with a password until a new one is set. Its sessions and links die for good.</p>
        </Confirm>
      )}
    </Section>
  )
}

function SetPassword({ user, tell, onClose }: { user: User; tell: (text: string) => void; onClose: () => void }) {
  const [password, setPassword] = useState('')
  const [temporary, setTemporary] = useState(true)
  const { run, busy, failure } = useAction(() => ask(api.PUT('/users/{user}/password', { params: { path: { user: user.id } }, body: { password, temporary } })))
  return (
    <Dialog open title={`Set the password of ${called(user)}`} description="The sessions of the person and the links that were mailed to it die for good." onClose={onClose}>
      <Form
        failure={failure}
        onSubmit={async () => {
          if (!(await run())) return
          onClose()
          tell('The password is set; sessions and links from before are dead.')
        }}
      >
        <TextField name="password" type="password" autoComplete="new-password" label="New password" value={password} onChange={(e) => setPassword(e.target.value)} />
        <Checkbox label="Temporary" hint="The person must choose another one at the next sign-in." checked={temporary} onChange={(e) => setTemporary(e.target.checked)} />
        <FailureBanner failure={failure} known={['password']} />
        <ShowAs asked={{ method: 'PUT', path: `/users/${user.id}/password`, body: { password: hidden, temporary }, cli: `user password set ${user.id}${temporary ? ' --temporary' : ''} < password.txt`, go: ['SetUserPassword', user.id] }} />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Set password
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  )
}

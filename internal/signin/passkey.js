// Passkeys (WebAuthn). Every form with data-for asks for one: "signin", "factor" and "step-up" for a signature, "add" for a new one.
'use strict'
for (const form of document.querySelectorAll('form[data-for]')) {
  if (!window.PublicKeyCredential) continue
  const problem = form.querySelector('.problem')
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    if (form.elements.response.value) return // the answer goes to the server
    event.preventDefault()
    problem.hidden = true
    try {
      await ask(form)
    } catch {
      problem.hidden = false
      problem.focus()
    }
  })
}

async function ask(form) {
  const making = form.dataset.for === 'add'
  const begun = await fetch(form.dataset.begin, {
    method: 'POST',
    body: new URLSearchParams({ for: form.dataset.for, name: form.elements.name?.value ?? '' }),
  })
  if (!begun.ok) throw new Error(begun.status)
  const { token, options } = await begun.json()
  options.challenge = bytes(options.challenge)
  if (options.user) options.user.id = bytes(options.user.id)
  for (const one of [...(options.allowCredentials ?? []), ...(options.excludeCredentials ?? [])]) one.id = bytes(one.id)
  const made = await navigator.credentials[making ? 'create' : 'get']({ publicKey: options })
  const response = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (made.response[name]) response[name] = text(made.response[name])
  }
  if (made.response.getTransports) response.transports = made.response.getTransports()
  form.elements.token.value = token
  form.elements.response.value = JSON.stringify({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: made.getClientExtensionResults(),
    response,
  })
  form.requestSubmit()
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

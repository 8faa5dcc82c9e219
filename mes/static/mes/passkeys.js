/* Passkeys (WebAuthn level 3): at the door, when one is added, and in place of a signing password.

   The server's options come as JSON with base64url texts; what the device answers goes back so. */

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function parsed(options) {
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    made[list] = (options[list] || []).map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return made;
}

function written(credential) {
  const given = credential.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (given[part]) response[part] = text(given[part]);
  }
  if (given.getTransports) response.transports = given.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function asked(kind, options) {
  const publicKey = parsed(options.publicKey);
  return written(await navigator.credentials[kind]({ publicKey }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form || form.elements.credential.value) return;
  event.preventDefault();
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const options = JSON.parse(document.getElementById("passkey-options").textContent);
    form.elements.credential.value = await asked(form.dataset.passkey, options);
    form.submit();
  } catch {
    problem.hidden = false;
  }
});

/* A signature: the passkey answers to this one dialog, in place of the password. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-sign-passkey]");
  if (!button) return;
  const { form } = button;
  const { password, passkey } = form.elements;
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  password.value = "";
  password.required = false;
  try {
    if (!form.reportValidity()) return;
    passkey.value = await asked("get", JSON.parse(button.dataset.signPasskey));
    form.requestSubmit(form.querySelector(".btn-sign"));
  } catch {
    problem.hidden = false;
  } finally {
    password.required = true;
  }
});

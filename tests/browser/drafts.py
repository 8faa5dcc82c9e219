"""What a browser keeps of drafts, read past the modules that keep it."""

from __future__ import annotations

IN_STORE = """(mode, act) => new Promise((done) => {
  const opened = indexedDB.open("onelot");
  opened.onsuccess = () => {
    const request = act(opened.result.transaction("drafts", mode).objectStore("drafts"));
    request.onsuccess = () => { opened.result.close(); done(request.result); };
  };
})"""
NAMES = f"() => ({IN_STORE})('readonly', (store) => store.getAllKeys())"
TEXTS = f"""async () => (await ({IN_STORE})('readonly', (store) => store.getAll()))
  .map((one) => new TextDecoder().decode(one.data)).join()"""
AGE = f"""async () => {{
  const [name] = await ({IN_STORE})('readonly', (store) => store.getAllKeys());
  const kept = await ({IN_STORE})('readonly', (store) => store.get(name));
  const old = {{ ...kept, at: kept.at - 86_401_000 }};
  await ({IN_STORE})('readwrite', (store) => store.put(old, name));
}}"""

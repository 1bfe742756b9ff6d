// Finds a control as a screen reader does: by role and accessible name, step by step from the outside in.
// Takes steps such as "group:Rhythm" and returns the element, or null.
function locate(steps) {
  const roles = { A: 'link', BUTTON: 'button', SELECT: 'combobox', TEXTAREA: 'textbox', METER: 'meter', DIALOG: 'dialog' };
  const inputs = { range: 'slider', checkbox: 'checkbox', number: 'spinbutton' };
  const roleOf = (element) =>
    element.getAttribute('role') ??
    (element.tagName === 'INPUT' ? (inputs[element.type] ?? 'textbox') : roles[element.tagName]);
  const textOf = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
  const nameOf = (element) =>
    (element.getAttribute('aria-label') ??
      (element.hasAttribute('aria-labelledby') ? textOf(element.getAttribute('aria-labelledby')) : null) ??
      (element.labels?.length ? element.labels[0].textContent : null) ??
      element.textContent ?? '').trim().replace(/\s+/g, ' ');
  let scope = document;
  for (const step of steps) {
    const [role, name] = step.split(/:(.*)/);
    const all = [...scope.querySelectorAll('*')].filter((element) => roleOf(element) === role);
    scope = all.find((element) => nameOf(element) === name) ?? all.find((element) => nameOf(element).includes(name));
    if (!scope) return null;
  }
  return scope;
}

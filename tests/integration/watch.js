// What a page must not do, and what it says aloud: kept in `window.watched` from the beginning of its document.
import assert from 'node:assert/strict';

function watch() {
  window.watched ??= { heard: [], reports: [] };
  const { heard, reports } = window.watched;
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    reports.push(`${violatedDirective} ${blockedURI}`),
  );
  const hear = () => {
    for (const each of document.querySelectorAll('[role=status]')) {
      const said = each.textContent.trim();
      if (said && heard.at(-1) !== said) heard.push(said);
    }
  };
  new MutationObserver(hear).observe(document.body, { subtree: true, childList: true, characterData: true });
}

export const watchPage = (driver) => driver.executeScript(watch);

/** Nothing of what was written has run, and the content security policy had nothing to report. */
export async function assertHarmless(person) {
  assert.deepEqual(await person.script('return window.watched.reports'), []);
  assert.equal(await person.script('return typeof window.hacked'), 'undefined');
}

// What the plain page does: a token, and the calls to make with it. Once the page is built it is loaded instead.
const element = (id) => document.getElementById(id);
const curl = (token, query) =>
  `curl -s ${location.origin}/graphql -H 'Authorization: ${token}' -H 'Content-Type: application/json' -d '${JSON.stringify({ query })}'`;

element('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  element('problem').textContent = '';
  const body = JSON.stringify({ user: element('user').value });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch('/demo/token', { method: 'POST', headers, body }).catch(() => null);
  const said = answer ? await answer.json().catch(() => ({})) : {};
  if (!answer?.ok) {
    element('problem').textContent = said.errors?.[0]?.message ?? 'There is no token to be had here.';
    return;
  }
  const selection = 'id roomId senderId text ts seq epoch clientMessageId';
  element('read').textContent = curl(said.token, '{ messages(roomId: "lobby") { items { seq senderId text ts } } }');
  element('send').textContent = curl(
    said.token,
    `mutation { sendMessage(roomId: "lobby", text: "hello") { ${selection} } }`,
  );
  element('got').hidden = false;
});

setInterval(async () => {
  const answer = await fetch('/', { method: 'HEAD' }).catch(() => null);
  if (answer?.ok && answer.headers.get('X-Page') === 'built') location.reload();
}, 2_000);

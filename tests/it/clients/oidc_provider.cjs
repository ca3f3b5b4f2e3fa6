// A real OpenID Connect provider, oidc-provider from npm, for one client. Whoever says a name there is
// that person, who has the groups that a file says now: {"ann": {"groups": ["staff"]}}.
//
// oidc_provider.cjs REDIRECT_URI ACCOUNTS_FILE ALGORITHM; says `issuer URL` on stdout, and ends with
// its stdin.
'use strict';

const { createServer } = require('node:http');
const { generateKeyPairSync } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { pathToFileURL } = require('node:url');

// What it remarks on would go to a stdout that nobody reads any more.
console.info = console.error;

const [redirect, accounts, algorithm] = process.argv.slice(2);

function key() {
  const made = algorithm.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...made.privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm };
}

async function main() {
  const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'bursar',
        client_secret: 'a secret of the client',
        redirect_uris: [redirect],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        id_token_signed_response_alg: algorithm,
      },
    ],
    jwks: { keys: [key()] },
    cookies: { keys: ['one that signs'] },
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'groups'],
    conformIdTokenClaims: false,
    // In seconds: a test's clock passes it while the sign-on itself still counts.
    ttl: { IdToken: 60 },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        preferred_username: id,
        ...JSON.parse(readFileSync(accounts, 'utf8'))[id],
      }),
    }),
  });
  server.on('request', provider.callback());
  process.stdout.write(`issuer ${issuer}\n`);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

main();

// Verifies codes of tickets as another library does: verify.mjs KEYS_FILE CODE...
// The keys are as GET /keys gave them. Prints what each code says; exits 1 where one is not good.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [file, ...codes] = process.argv.slice(2);
const keys = new Map(JSON.parse(readFileSync(file)).keys.map((key) => [key.kid, key]));

for (const code of codes) {
  const [header, payload, signature] = code.split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const key = createPublicKey({ key: keys.get(kid), format: 'jwk' });
  const good = alg === 'EdDSA' &&
    verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  if (!good) process.exit(1);
  console.log(Buffer.from(payload, 'base64url').toString());
}

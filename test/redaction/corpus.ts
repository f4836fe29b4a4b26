/**
 * Two hundred texts and values as programs of many trades have them: in half of them something is secret, in the other half
 * nothing is, though a word in it may be that of a secret.
 */
import { Option, Redacted } from "effect"

/** Something that leaves: a value, a text, a line of source, or a value and then a text that repeats a part of it. */
export type Sample =
  | { readonly value: unknown; readonly later?: string }
  | { readonly text: string }
  | { readonly source: string }

/** `keeps` must not be in what leaves. */
export interface Secret {
  readonly sample: Sample
  readonly keeps: string
}

/** `says` has to be in what leaves. */
export interface Harmless {
  readonly sample: Sample
  readonly says: string
}

const secret = (keeps: string, sample: Sample): Secret => ({ keeps, sample })
const harmless = (says: string, sample: Sample): Harmless => ({ says, sample })

export const secrets: ReadonlyArray<Secret> = [
  // Values under a name.
  secret("hunter", { value: { password: "hunter" } }),
  secret("correct horse", { value: { passphrase: "correct horse battery" } }),
  secret("k-93jd72hs", { value: { apiKey: "k-93jd72hs" } }),
  secret("93jd72hs", { value: { "X-Api-Key": "93jd72hs" } }),
  secret("s3cr3tpw", { value: { db: { pool: [{ password: "s3cr3tpw" }] } } }),
  secret("4711", { value: { pin: "4711" } }),
  secret("123-45-6789", { value: { ssn: "123-45-6789" } }),
  secret("4111111111111111", { value: { cardNumber: "4111111111111111" } }),
  secret("abandon ability", { value: { seedPhrase: "abandon ability able about" } }),
  secret("Server=db", { value: { connectionString: "Server=db;User=sa;Pwd=x" } }),
  secret("sid-of-ada", { value: { sessionId: "sid-of-ada" } }),
  secret("abc", { value: { token: "abc" } }),
  secret("open sesame", { value: { session: "open sesame" } }),
  secret("letmein", { value: { credential: "letmein" } }),
  secret("letmein", { value: { credentials: ["ada", "letmein"] } }),
  secret("letmein", { value: { credentials: { user: "ada", pw: "letmein" } } }),
  secret("AKIDEXAMPLE/x", { value: { signature: "AKIDEXAMPLE/x" } }),
  secret("s%3Aj7Gk2Lp9", { value: { session: { user: "ada", id: "s%3Aj7Gk2Lp9.q8" } } }),
  secret("j7Gk2Lp9", { value: { session: { store: { entries: ["j7Gk2Lp9qq"] } } } }),
  secret("eu93kd82jd", { value: { token: { type: "bearer", value: "eu93kd82jd" } } }),
  secret("tok93kd82", { value: { tokens: ["tok93kd82", "tok77aa11"] } }),
  secret("sid=a1b2", { value: { cookies: { sid: "sid=a1b2" } } }),
  secret("dark-9", { value: { cookies: { theme: "dark-9" } } }),
  secret("id=7", { value: { headers: { cookie: ["id=7"] } } }),
  secret("abc def", { value: { headers: new Headers({ Authorization: "Token abc def" }) } }),
  secret("wxyz", { value: new Map([["refreshToken", "wxyz"]]) }),
  secret("wxyz", { value: [["x-auth-token", "wxyz"]] }),
  secret("wxyz", { value: { name: "Cookie", value: "wxyz" } }),
  secret("wxyz", { value: new URLSearchParams({ access_token: "wxyz" }) }),
  secret("wxyz", { value: formOf({ user: "ada", password: "wxyz" }) }),
  secret("sesscookie", { value: ["Host", "a", "Cookie", "sid=sesscookie", "Accept", "*/*"] }),
  secret("tokvalue", { value: { rawHeaders: ["Authorization", "Token tokvalue", "Host", "a"] } }),
  secret("apikeyvalue", { value: { rawHeaders: ["X-Api-Key", "apikeyvalue"] } }),
  secret("hunter", { value: ["node", "x.js", "--password", "hunter"] }),
  secret("hunter", { value: { argv: ["mysql", "--user", "ada", "--password=hunter"] } }),
  secret("hunter77", { value: ["login", "ada", "password", "hunter77", "now"] }),
  secret("tok-93jd", { value: { args: ["deploy", "--token", "tok-93jd"] } }),
  secret("wrapped", { value: { hidden: Redacted.make("wrapped") } }),
  secret("somepw", { value: { token: Option.some("somepw") } }),
  secret("bytes-of-key", { value: { privateKey: new TextEncoder().encode("bytes-of-key"), again: "bytes-of-key" } }),
  secret("https://x:y", { value: { token: new URL("https://x:y@host/") } }),
  secret("0x9f8e7d", { value: { wallet: { privateKey: "0x9f8e7d6c5b" } } }),
  secret("JBSWY3DP", { value: { totp: "JBSWY3DPEHPK3PXP" } }),
  secret("123456", { value: { otp: "123456" } }),
  secret("pubpriv", { value: { auth: { username: "ada", password: "pubpriv" } } }),
  secret("ada:pubpriv", { value: { auth: "ada:pubpriv" } }),
  secret("tokvalue", { value: { headers: [["Proxy-Authorization", "tokvalue"]] } }),
  secret("xsrfvalue", { value: { "x-xsrf-token": "xsrfvalue" } }),
  secret("dsnvalue", { value: { SENTRY_DSN: "https://dsnvalue@sentry.io/1" } }),
  // What was hidden is hidden again.
  secret("hunter22", { value: { password: "hunter22" }, later: "ada/hunter22 was refused" }),
  secret("correcthorse", { value: { password: "correcthorse" }, later: "no such user correcthorse" }),
  secret("k-93jd72hs", { value: { apiKey: "k-93jd72hs" }, later: "GET /?key=k-93jd72hs" }),
  secret("a1b2c3d4e5", { value: { session: { id: "a1b2c3d4e5" } }, later: "no session a1b2c3d4e5" }),
  secret("tok-93jd72hs", { value: { token: "tok-93jd72hs" }, later: 'read "tok-93jd72hs"' }),
  secret("Zm9vOmJhcjEy", { value: { session: "Zm9vOmJhcjEy" }, later: "at Zm9vOmJhcjEy" }),
  secret("abc9988", { value: { authorization: "Bearer abc9988" }, later: "abc9988 is no token" }),
  secret("hunt/er22", { value: { dsn: "pg://ada:hunt%2Fer22@db" }, later: "with hunt/er22" }),
  secret("sesscookie7", { value: ["Cookie", "sid=sesscookie7"], later: "sesscookie7 is unknown" }),
  secret("hunter22", { value: ["--password", "hunter22"], later: "hunter22 is wrong" }),
  secret(btoa("hunter22!x"), { value: { password: "hunter22!x" }, later: `data ${btoa("hunter22!x")}` }),
  secret("p%C3%A4ss%2Fw1", { value: { password: "päss/w1" }, later: "GET /p%C3%A4ss%2Fw1" }),
  // Texts.
  secret("hunter", { text: "login with password=hunter failed" }),
  secret("hunter", { text: "DB_PASSWORD=hunter" }),
  secret("two words", { text: "HOST=a\nDB_PASSWORD=two words\nPORT=1" }),
  secret("hunter", { text: '{"user":"ada","password":"hunter"}' }),
  secret("hunter", { text: "{ user: 'ada', password: 'hunter' }" }),
  secret("hunter", { text: "Map(1) { 'password' => 'hunter' }" }),
  secret("abcd", { text: "Authorization: Bearer abcd" }),
  secret("YWRhOnB3", { text: "sent Basic YWRhOnB3MTI= to it" }),
  secret("hunter2", { text: "postgres://ada:hunter2@db/x is down" }),
  secret("abc123", { text: "GET /a?access_token=abc123&page=2" }),
  secret("sid=1", { text: "Set-Cookie: sid=1; Path=/" }),
  secret("ghp_a1", { text: `push with ghp_${"a1".repeat(18)}` }),
  secret("AKIAIOSF", { text: "key AKIAIOSFODNN7EXAMPLE" }),
  secret("MHcCAQEE", { text: "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----" }),
  secret("hunter", { text: "mysql --password hunter -h db" }),
  secret("hunter", { text: "api key: hunter" }),
  secret("sesscookie77", { text: `headers ["Cookie","sid=sesscookie77","Host","a"]` }),
  secret("apikeyvalue8", { text: `[ 'X-Api-Key', 'apikeyvalue8' ]` }),
  secret("j7Gk2Lp9qq", { text: '{"session":{"user":"ada","id":"j7Gk2Lp9qq"}}' }),
  secret("k93jd72hs", { text: "{ token: { kind: 'api', value: 'k93jd72hs' } }" }),
  secret("ada", { text: "{ credentials: { user: 'ada', pw: 'x' } }" }),
  secret("tok-93jd72hs", { text: '(Invalid data at API_TOKEN: "Expected an integer but received tok-93jd72hs")' }),
  secret("eyJhbGciOi", { text: "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln" }),
  secret("T0/B0/xyz", { text: "POST https://hooks.slack.com/services/T0/B0/xyzw" }),
  secret("93jd", { text: "apiKey: 93jd" }),
  secret("sesame", { text: "session=sesame; user=ada" }),
  secret("hunter", { text: 'curl -d \'{\\"password\\":\\"hunter\\"}\'' }),
  // Lines of source.
  secret("hunter", { source: 'const password = "hunter"' }),
  secret("hunter", { source: "const user = login({ password: 'hunter', mode: 'fast' })" }),
  secret("hunter22", { source: 'const user = yield* signIn("ada", { pin: 1, password: "hunter22" })' }),
  secret("hunter", { source: 'const apiKey = process.env.API_KEY ?? "hunter"' }),
  secret("hunter", { source: 'if (password === "hunter") return true' }),
  secret("hunter", { source: 'const apiKey = Redacted.make("hunter")' }),
  secret("hunter", { source: 'Config.string("API_KEY").pipe(Config.withDefault("x")), password: "hunter"' }),
  secret("hunter", { source: 'form.set("password", "hunter")' }),
  secret("hunter", { source: 'const password =\n  "hunter"' }),
  secret("tok93jd72hs", { source: 'const token = connect("tok93jd72hs")' }),
  secret("hunter", { source: "// password: hunter" }),
  secret("fallback", { source: 'const token = yield* Config.string("TOKEN").pipe(Config.withDefault("fallback"))' })
]

export const harmlesses: ReadonlyArray<Harmless> = [
  // Values: words of other trades.
  harmless("Great Hall", { value: { session: { title: "Moss", hall: "Great Hall" } } }),
  harmless("Great Hall is taken", {
    value: { session: { title: "Moss", hall: "Great Hall" } },
    later: "Great Hall is taken"
  }),
  harmless("Bees", { value: { sessions: [{ title: "Bees" }, { title: "Moss" }] } }),
  harmless("2024-05-01T10:00:00Z", { value: { session: { startsAt: "2024-05-01T10:00:00Z" } } }),
  harmless("hall-204", { value: { session: { hall: "hall-204", seats: 12 } } }),
  harmless("ada@example.org", { value: { session: { speaker: "ada@example.org" } } }),
  harmless("01HXYZ7K9M", { value: { session: { speakerId: "01HXYZ7K9MABCDEFGH", title: "Bees" } } }),
  harmless("Keynote", { value: { currentSession: { kind: "Keynote" } } }),
  harmless("identifier", { value: { token: { type: "identifier", text: "foo", line: 3 } } }),
  harmless("foo", { value: { token: { type: "identifier", text: "foo", line: 3 } }, later: "unexpected foo" }),
  harmless("while", { value: { tokens: [{ kind: "keyword", text: "while" }] } }),
  harmless("return", { value: { tokens: ["if", "x1", "return"] } }),
  harmless("src/main.ts", { value: { token: { kind: "string", file: "src/main.ts" } } }),
  harmless("Punctuator", { value: { lookahead: { token: { type: "Punctuator", value: "=>" } } } }),
  harmless("512", { value: { promptTokens: 512, tokens: { prompt: 512 } } }),
  harmless("12", { value: { tokenCount: 12, tokenPosition: 12 } }),
  harmless("0x2A", { value: { nextToken: { type: "number", raw: "0x2A" } } }),
  harmless("BSc Botany", { value: { credential: { degree: "BSc Botany", issuer: "Kew" } } }),
  harmless("VerifiableCredential", { value: { credential: { type: ["VerifiableCredential"] } } }),
  harmless("Kew", { value: { credential: { issuer: "Kew" } }, later: "Kew is closed" }),
  harmless("oatmeal", { value: { cookie: { dough: "oatmeal", minutes: 12 } } }),
  harmless('"path":"/"', { value: { cookie: { path: "/", httpOnly: true, sameSite: "lax" } } }),
  harmless("originalMaxAge", { value: { session: { cookie: { originalMaxAge: 1000, path: "/" } } } }),
  harmless("48.2", { value: { pin: { lat: 48.2, lng: 16.3 } } }),
  harmless("Gate 4", { value: { pass: { holder: "Ada", gate: "Gate 4" } } }),
  harmless("north entrance", { value: { pass: { door: "north entrance" } }, later: "north entrance is shut" }),
  harmless("number -> text", { value: { signature: { form: "number -> text" } } }),
  harmless("G major", { value: { signature: { key: "G major", beats: 4 } } }),
  harmless("bearer of news", { value: { bearer: { name: "bearer of news" } } }),
  harmless("mov", { value: { mnemonic: { opcode: "mov", operands: 2 } } }),
  harmless("oauth", { value: { auth: { method: "oauth", user: "ada" } } }),
  harmless("v1.2.3", { value: { auth: { library: "v1.2.3" } } }),
  harmless("Bees", { value: { sessionTitle: "Bees", sessionKind: "talk" } }),
  harmless("keyword", { value: { tokenKind: "keyword" } }),
  harmless("https://login.example", { value: { tokenEndpoint: "https://login.example/oauth" } }),
  harmless("none", { value: { auth: null, password: null, hint: "none" } }),
  harmless("true", { value: { hasPassword: true, secret: true } }),
  harmless("author", { value: { author: "author", authority: "x", compass: "n", monkey: "m" } }),
  harmless("Sekretär", { value: { secretary: "Sekretär" } }),
  harmless("email", { value: ["id", "password", "email"] }),
  harmless("email", { value: { missing: ["token", "session", "email"] } }),
  harmless("--verbose", { value: ["run", "--password", "--verbose"] }),
  harmless("text/html", { value: ["Host", "a", "Accept", "text/html"] }),
  harmless("ada", { value: ["login", "--user", "ada"] }),
  harmless("Accept", { value: new Headers({ accept: "Accept" }) }),
  harmless("eu-central-1", {
    value: { credentials: { region: "eu-central-1", password: "x1x2x3x4" } },
    later: "eu-central-1 is down"
  }),
  harmless("<not assigned yet>", { value: { token: "<not assigned yet>" }, later: "<not assigned yet>" }),
  harmless("<undefined>", { value: { password: "<undefined>" }, later: "rows is <undefined>" }),
  harmless("API_TOKEN is not set", { value: { apiToken: "API_TOKEN" }, later: "API_TOKEN is not set" }),
  harmless("your-api-key", { value: { apiKey: "your-api-key" }, later: "replace your-api-key" }),
  harmless("{{TOKEN}}", { value: { token: "{{TOKEN}}" }, later: "unresolved {{TOKEN}}" }),
  harmless("identifier expected", { value: { token: "identifier" }, later: "identifier expected" }),
  harmless("Bees is full", { value: { session: "Bees" }, later: "Bees is full" }),
  harmless("hall-204 is full", { value: { session: "hall-204" }, later: "hall-204 is full" }),
  harmless("admin may not", { value: { password: "admin" }, later: "admin may not" }),
  harmless("off by 1", { value: { pin: 1 }, later: "off by 1" }),
  // Texts.
  harmless("Loaded 120 rows from customers.csv", { text: "Loaded 120 rows from customers.csv in 35 ms" }),
  harmless("session.ts:3", { text: "at load (/app/src/token.ts:12:5)\n    at session.ts:3" }),
  harmless("Unexpected token }", { text: "Unexpected token } in JSON at position 3" }),
  harmless("expected a number", { text: "Invalid token: expected a number" }),
  harmless("at least 8 characters", { text: "password: must be at least 8 characters" }),
  harmless("Bearer token required", { text: "Bearer token required, Basic auth is off" }),
  harmless("a basic plan for the bearer of news", { text: "a basic plan for the bearer of news" }),
  harmless("git@github.com", { text: "ssh://git@github.com/a/b" }),
  harmless("effect@3.22.4", { text: "node_modules/.pnpm/effect@3.22.4/node_modules/effect" }),
  harmless("12, tokenizer: bpe", { text: "promptTokens=512, tokens: 12, tokenizer: bpe" }),
  harmless("Great Hall", { text: 'HallTaken: {"session":{"title":"Moss","hall":"Great Hall"}}' }),
  harmless("identifier", { text: "{ token: { type: 'identifier', text: 'foo' } }" }),
  harmless("keyword", { text: '{"tokens":[{"kind":"keyword","line":3}]}' }),
  harmless("01HXYZ7K9M", { text: '{"session":{"speakerId":"01HXYZ7K9MABCDEFGH"}}' }),
  harmless("Expected API_TOKEN to exist", {
    text: '(Missing data at API_TOKEN: "Expected API_TOKEN to exist in the process context")'
  }),
  harmless("Expected an integer", { text: '(Invalid data at API_TOKEN: "Expected an integer but received x")' }),
  harmless("is required", { text: '{"password":"is required","email":"is malformed"}' }),
  harmless("must be longer", { text: '{ password: "must be longer than 8" }' }),
  harmless("missing", { text: "the setting API_KEY is missing" }),
  harmless('"email"', { text: 'expected one of "password", "token", "email"' }),
  harmless("email", { text: "columns ['password', 'email'] are missing" }),
  harmless("expired", { text: "token: expired, session: closed by peer" }),
  harmless("https://example.org/login?page=2", { text: "GET https://example.org/login?page=2" }),
  harmless("2024-05-01", { text: "the session of 2024-05-01 was moved" }),
  harmless("Task-management", { text: "npm_config_registry is unset: Task-management" }),
  harmless("UNIQUE constraint failed: users.token", { text: "UNIQUE constraint failed: users.token" }),
  harmless("C-1234", { text: "order C-1234 has no token" }),
  harmless("localhost:5432", { text: "connect ECONNREFUSED localhost:5432 (auth)" }),
  harmless("line 3", { text: "SyntaxError: token expected on line 3" }),
  // Lines of source.
  harmless("TRANSLATOR_API_KEY", { source: 'const apiKey = yield* Config.redacted("TRANSLATOR_API_KEY")' }),
  harmless("https://a.example/login", {
    source: 'const token = yield* HttpClientRequest.post("https://a.example/login").pipe(client.execute)'
  }),
  harmless("no answer", { source: 'const token = yield* Effect.fail(new Error("no answer"))' }),
  harmless("API_KEY", { source: 'const apiKey = process.env["API_KEY"]' }),
  harmless("authorization", { source: 'const token = headers.get("authorization")' }),
  harmless("x-api-key", { source: 'const apiKey = request.headers["x-api-key"]' }),
  harmless("OAUTH2_CLIENT_SECRET", { source: 'const secret = read("OAUTH2_CLIENT_SECRET")' }),
  harmless("readToken", { source: "const token = yield* readToken()" }),
  harmless("config.password", { source: "  password: config.password," }),
  harmless("Schema.String", { source: "apiKey: Schema.String" }),
  harmless("Great Hall", { source: 'for (const session of [{ title: "Moss", hall: "Great Hall" }]) {' }),
  harmless("Identifier", { source: 'const token = tokens.find((one) => one.type === "Identifier")' }),
  harmless("utf8", { source: 'const secret = await readFile("/run/secrets/db", "utf8")' }),
  harmless("email", { source: 'const { password, email } = pick(user, "password", "email")' }),
  harmless("SELECT id", { source: "const sessions = yield* sql`SELECT id, title FROM sessions`" })
]

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}

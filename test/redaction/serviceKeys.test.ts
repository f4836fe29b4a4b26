/**
 * A key of each service, made up, in a sentence that does not name it; and what only looks a little like one.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/redaction/Redaction.js"
import { beginningsOf, services } from "../../src/redaction/serviceKeys.js"

const hex = (length: number) => "0f9b3c7d5e1a48260f9b3c7d5e1a4826".repeat(3).slice(0, length)
const mixed = (length: number) => "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1x".repeat(4).slice(0, length)
const upper = (length: number) => "A1B2C3D4E5F6G7H8J9K0".repeat(4).slice(0, length)

/** By the service's name in the list. */
const keys: Readonly<Record<string, ReadonlyArray<string>>> = {
  "JSON Web Tokens": [`eyJ${mixed(20)}.${mixed(40)}.${mixed(30)}`],
  Adafruit: [`aio_${mixed(28)}`],
  age: [`AGE-SECRET-KEY-1${upper(58)}`],
  Airtable: [`pat${mixed(14)}.${hex(64)}`],
  "Alibaba Cloud": [`LTAI${mixed(20)}`],
  "Anthropic, OpenAI, OpenRouter, DeepSeek": [`sk-ant-api03-${mixed(40)}`, `sk-${mixed(48)}`, `sk-or-v1-${hex(64)}`],
  Artifactory: [`AKC${mixed(70)}`],
  Atlassian: [`ATATT3xFfGF0${mixed(40)}_-=${mixed(8)}`, `ATBB${mixed(28)}`, `ATCTT3-${mixed(9)}=${mixed(12)}`],
  AWS: [`AKIA${upper(16)}`, `ASIA${upper(16)}`],
  "Azure AD": [`Ab18Q~${mixed(34)}`],
  Brevo: [`xkeysib-${hex(64)}-${mixed(16)}`],
  Buildkite: [`bkua_${hex(40)}`],
  Cerebras: [`csk-${mixed(48).toLowerCase()}`],
  CircleCI: [`CCIPAT_${mixed(22)}_${hex(40)}`],
  Cloudflare: [`v1.0-${hex(24)}-${hex(73)}${hex(73)}`],
  Contentful: [`CFPAT-${mixed(43)}`],
  Databricks: [`dapi${hex(32)}`],
  DigitalOcean: [`dop_v1_${hex(64)}`],
  Discord: [`M${mixed(23)}.GaBcDe.${mixed(38)}`],
  Docker: [`dckr_pat_${mixed(27)}`],
  Doppler: [`dp.pt.${mixed(43)}`],
  Duffel: [`duffel_test_${mixed(43)}`],
  Dynatrace: [`dt0c01.${upper(24)}.${upper(64)}`],
  EasyPost: [`EZAK${mixed(54)}`],
  ElevenLabs: [`sk_${hex(48)}`],
  Figma: [`figd_${mixed(40)}`],
  Firecrawl: [`fc-${hex(32)}`],
  "Fireworks AI": [`fw_${mixed(24)}`],
  Flutterwave: [`FLWSECK_TEST-${hex(32)}-X`, `FLWSECK-${hex(32)}-X`],
  "Fly.io": [`fo1_${mixed(43)}`],
  "Frame.io": [`fio-u-${mixed(64)}`],
  GitHub: [`ghp_${mixed(36)}`, `github_pat_${mixed(22)}_${mixed(59)}`],
  GitLab: [`glpat-${mixed(20)}`, `glrt-${mixed(20)}`, `gldt-${mixed(20)}`],
  Google: [`AIza${mixed(35)}`, `ya29.${mixed(60)}`, `GOCSPX-${mixed(28)}`, `1//0${mixed(40)}`],
  Grafana: [`glsa_${mixed(32)}_${hex(8)}`],
  Groq: [`gsk_${mixed(52)}`],
  HashiCorp: [`hvs.${mixed(24)}`, `${mixed(14)}.atlasv1.${mixed(67)}`],
  Heroku: [`HRKU-${mixed(60)}`],
  "Hugging Face": [`hf_${mixed(34)}`],
  Infracost: [`ico-${mixed(32)}`],
  "Jina AI": [`jina_${hex(32)}${mixed(28)}`],
  LangSmith: [`lsv2_pt_${hex(32)}_${hex(10)}`],
  Linear: [`lin_api_${mixed(40)}`],
  Mailchimp: [`${hex(32)}-us12`],
  Mailgun: [`key-${hex(32)}`],
  Neon: [`napi_${mixed(64).toLowerCase()}`],
  Netlify: [`nfp_${mixed(36)}`],
  "New Relic": [`NRAK-${upper(27)}`],
  Notion: [`secret_${mixed(43)}`, `ntn_${mixed(46)}`],
  npm: [`npm_${mixed(36)}`],
  NuGet: [`oy2${mixed(43).toLowerCase()}`],
  NVIDIA: [`nvapi-${mixed(64)}`],
  OpenShift: [`sha256~${mixed(43)}`],
  Perplexity: [`pplx-${mixed(48)}`],
  Pinecone: [`pcsk_${mixed(6)}_${mixed(63)}`],
  PlanetScale: [`pscale_tkn_${mixed(43)}`],
  PostHog: [`phx_${mixed(43)}`],
  Postman: [`PMAK-${hex(24)}-${hex(34)}`],
  Prefect: [`pnu_${mixed(36)}`],
  Pulumi: [`pul-${hex(40)}`],
  PyPI: [`pypi-${mixed(80)}`],
  ReadMe: [`rdme_${mixed(70).toLowerCase()}`],
  Render: [`rnd_${mixed(28)}`],
  Replicate: [`r8_${mixed(37)}`],
  Resend: [`re_${mixed(8)}_${mixed(24)}`],
  RubyGems: [`rubygems_${hex(48)}`],
  Scalingo: [`tk-us-${mixed(48)}`],
  SendGrid: [`SG.${mixed(22)}.${mixed(43)}`],
  Sentry: [`sntrys_${mixed(60)}`, `sntryu_${hex(64)}`],
  Shippo: [`shippo_live_${hex(40)}`],
  Shopify: [`shpat_${hex(32)}`],
  Slack: [`xoxb-123456789012-${mixed(24)}`, `xapp-1-A1-${mixed(24)}`],
  SonarQube: [`squ_${hex(40)}`, `sqp_${hex(40)}`],
  Sourcegraph: [`sgp_${hex(16)}_${hex(40)}`, `sgp_${hex(40)}`],
  Square: [`sq0atp-${mixed(22)}`],
  "Stripe, Clerk": [`sk_live_${mixed(24)}`, `whsec_${mixed(32)}`],
  Supabase: [`sbp_${hex(40)}`, `sb_secret_${mixed(22)}`],
  Tailscale: [`tskey-auth-${mixed(12)}-${mixed(20)}`],
  Tavily: [`tvly-dev-${mixed(32)}`],
  Telegram: [`1234567890:AA${mixed(33)}`],
  "Together AI, Vercel": [`tgp_v1_${mixed(43)}`, `vcp_${mixed(40)}`],
  Twilio: [`SK${hex(32)}`],
  Typeform: [`tfp_${mixed(60)}`],
  xAI: [`xai-${mixed(80)}`],
  "Yandex Cloud": [`AQVN${mixed(36)}`]
}

describe("the key of a service", () => {
  const redactor = Redaction.make()

  for (const [service] of services) {
    it(`is hidden in any text: ${service}`, () => {
      const made = keys[service] ?? assert.fail(`there is no key of ${service}`)
      for (const key of made) {
        for (const text of [`no answer for ${key}, try again`, `(${key})`, `{"x":"${key}"}`, key]) {
          assert.notInclude(redactor.text(text), key.slice(-12), text)
        }
      }
    })
  }

  it("is none where an id, a hash, a path or a long word is all there is", () => {
    const texts = [
      "request 7f3c9a52-1b1e-4f0e-9c54-0d6c2ab1f6c1 took 14 ms",
      `commit ${hex(40)} of main`,
      `sha256:${hex(64)}`,
      `cache-key-${hex(32)} expired`,
      `trace ${hex(32)}, span ${hex(16)}`,
      "01HZX3V7Q9K2M4N6P8R0S2T4V6 is gone",
      "/srv/app/node_modules/@effect/platform-node/dist/esm/internal/httpServer.js:12:3",
      "the_very_long_name_of_a_column_in_a_table is null",
      "re_validate_the_subscription_of_a_customer failed",
      "2026-05-01T12:00:00.000Z:warehouse-north-eu-west-1-replica-2",
      "1717171717:orders-by-customer-and-day-and-region-eu",
      "arn:aws:s3:::my-very-long-bucket-name-in-frankfurt/path",
      "NotificationSubscriptionRepositoryLiveImplementation.findAll"
    ]
    assert.deepStrictEqual(
      texts.map((text) => redactor.text(text)),
      texts
    )
  })

  it("is known by its first three characters, but for those with a sign that gives them away", () => {
    const patterns = services.flatMap(([, keys]) => keys)
    assert.deepStrictEqual(
      patterns.filter((key) => beginningsOf(key).length === 0),
      [
        "[\\w~.-]{3}\\dQ~[\\w~.-]{30,36}",
        "[MNO][A-Za-z\\d]{22,27}\\.[\\w-]{6}\\.[\\w-]{27,40}",
        "[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{60,}",
        "[a-f0-9]{32}-us\\d{1,2}",
        "\\d{8,10}:AA[\\w-]{33}"
      ]
    )
    assert.deepStrictEqual(beginningsOf("gh[opusr]_[A-Za-z0-9]{16,}"), ["gho", "ghp", "ghr", "ghs", "ghu"])
    assert.deepStrictEqual(beginningsOf("dp\\.(?:pt|st)\\.[\\w.-]{32,}"), ["dp."])
    assert.deepStrictEqual(beginningsOf("gl(?:pat|rt)-[\\w.-]{16,}"), ["glp", "glr"])
  })

  it("is listed on the page of security, for each service", () => {
    const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8")
    for (const name of services.flatMap(([names]) => names.split(", "))) assert.include(page, name)
  })
})

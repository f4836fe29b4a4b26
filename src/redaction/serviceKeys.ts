/**
 * Keys of services that begin, or are built, in a way of their own: found in any text, whatever is before them.
 *
 * Each pattern reads a bounded part of what it looks at. `docs/security.md` lists the services.
 */

/** The services, each with what its keys look like; a pattern needs no care for what is before it. */
export const services: ReadonlyArray<readonly [service: string, keys: ReadonlyArray<string>]> = [
  ["JSON Web Tokens", ["eyJ[\\w-]{10,}(?:\\.[\\w-]+){0,4}"]],
  ["Adafruit", ["aio_[A-Za-z0-9]{28}"]],
  ["age", ["AGE-SECRET-KEY-1[A-Z0-9]{58}"]],
  ["Airtable", ["pat[A-Za-z0-9]{14}\\.[a-f0-9]{32,}"]],
  ["Alibaba Cloud", ["LTAI[A-Za-z0-9]{17,26}"]],
  ["Anthropic, OpenAI, OpenRouter, DeepSeek", ["sk-[\\w-]{16,}"]],
  ["Artifactory", ["AKC[a-zA-Z0-9]{40,}"]],
  ["Atlassian", ["AT(?:ATT|CTT|ST)3[\\w=-]{20,}", "ATBB[A-Za-z0-9]{24,}"]],
  ["AWS", ["AKIA[A-Z0-9]{12,}", "ASIA[A-Z0-9]{12,}", "ABIA[A-Z0-9]{12,}", "ACCA[A-Z0-9]{12,}"]],
  ["Azure AD", ["[\\w~.-]{3}\\dQ~[\\w~.-]{30,36}"]],
  ["Brevo", ["xkeysib-[a-f0-9]{32,}", "xsmtpsib-[a-f0-9]{32,}"]],
  ["Buildkite", ["bkua_[a-f0-9]{32,}"]],
  ["Cerebras", ["csk-[a-z0-9]{32,}"]],
  ["CircleCI", ["CCIPAT_[\\w-]{20,}"]],
  ["Cloudflare", ["v1\\.0-[a-f0-9]{24}-[a-f0-9]{100,}"]],
  ["Contentful", ["CFPAT-[\\w-]{32,}"]],
  ["Databricks", ["dapi[a-f0-9]{32}(?:-\\d)?"]],
  ["DigitalOcean", ["do[opr]_v1_[a-f0-9]{32,}"]],
  ["Discord", ["[MNO][A-Za-z\\d]{22,27}\\.[\\w-]{6}\\.[\\w-]{27,40}"]],
  ["Docker", ["dckr_[po]at_[\\w-]{20,}"]],
  ["Doppler", ["dp\\.(?:pt|st|ct|sa|scim|audit)\\.[\\w.-]{32,}"]],
  ["Duffel", ["duffel_(?:test|live)_[\\w-]{32,}"]],
  ["Dynatrace", ["dt0[a-z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{32,}"]],
  ["EasyPost", ["EZ[AT]K[A-Za-z0-9]{40,}"]],
  ["ElevenLabs", ["sk_[a-f0-9]{48}"]],
  ["Figma", ["figd_[\\w-]{32,}"]],
  ["Firecrawl", ["fc-[a-f0-9]{32}"]],
  ["Fireworks AI", ["fw_[A-Za-z0-9]{22,}"]],
  ["Flutterwave", ["FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,}"]],
  ["Fly.io", ["fo1_[\\w-]{32,}", "fm[12][ar]?_[A-Za-z0-9+/=]{32,}"]],
  ["Frame.io", ["fio-u-[\\w=-]{40,}"]],
  ["GitHub", ["gh[opusr]_[A-Za-z0-9]{16,}", "github_pat_[A-Za-z0-9_]{16,}"]],
  ["GitLab", ["gl(?:pat|rt|dt|ptt|cbt|ft|imt|agent|soat|ffct|oas|wt)-[\\w.-]{16,}"]],
  ["Google", ["AIza[\\w-]{24,}", "ya29\\.[\\w-]{16,}", "GOCSPX-[\\w-]{16,}", "1//0[\\w-]{24,}"]],
  ["Grafana", ["glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}", "glc_[A-Za-z0-9+/=]{24,}"]],
  ["Groq", ["gsk_[A-Za-z0-9]{32,}"]],
  ["HashiCorp", ["hv[bsr]\\.[\\w-]{24,}", "[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{60,}"]],
  ["Heroku", ["HRKU-[\\w-]{32,}"]],
  ["Hugging Face", ["hf_[A-Za-z0-9]{20,}", "api_org_[A-Za-z0-9]{32,}"]],
  ["Infracost", ["ico-[A-Za-z0-9]{32}"]],
  ["Jina AI", ["jina_[a-f0-9]{32}[\\w-]{16,}"]],
  ["LangSmith", ["lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"]],
  ["Linear", ["lin_(?:api|oauth)_[A-Za-z0-9]{32,}"]],
  ["Mailchimp", ["[a-f0-9]{32}-us\\d{1,2}"]],
  ["Mailgun", ["(?<!-)key-[a-f0-9]{32}", "(?<!-)pubkey-[a-f0-9]{32}"]],
  ["Neon", ["napi_[a-z0-9]{48,}"]],
  ["Netlify", ["nfp_[A-Za-z0-9]{32,}"]],
  ["New Relic", ["NR(?:AK|AA|II|RA|BR)-[\\w-]{24,}", "NRJS-[a-f0-9]{19,}"]],
  ["Notion", ["secret_[A-Za-z0-9]{43}", "ntn_[A-Za-z0-9]{40,}"]],
  ["npm", ["npm_[A-Za-z0-9]{20,}"]],
  ["NuGet", ["oy2[a-z0-9]{43}"]],
  ["NVIDIA", ["nvapi-[\\w-]{32,}"]],
  ["OpenShift", ["sha256~[\\w-]{43}"]],
  ["Perplexity", ["pplx-[A-Za-z0-9]{32,}"]],
  ["Pinecone", ["pcsk_[\\w-]{40,}"]],
  ["PlanetScale", ["pscale_(?:tkn|pw|oauth)_[\\w.-]{32,}"]],
  ["PostHog", ["phx_[A-Za-z0-9]{40,}"]],
  ["Postman", ["PMAK-[a-f0-9]{24}-[a-f0-9]{34}"]],
  ["Prefect", ["pnu_[A-Za-z0-9]{36}"]],
  ["Pulumi", ["pul-[a-f0-9]{40}"]],
  ["PyPI", ["pypi-[\\w-]{32,}"]],
  ["ReadMe", ["rdme_[a-z0-9]{32,}"]],
  ["Render", ["rnd_[A-Za-z0-9]{28,}"]],
  ["Replicate", ["r8_[A-Za-z0-9]{32,}"]],
  ["Resend", ["re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"]],
  ["RubyGems", ["rubygems_[a-f0-9]{32,}"]],
  ["Scalingo", ["tk-us-[\\w-]{48}"]],
  ["SendGrid", ["SG\\.[\\w.-]{32,}"]],
  ["Sentry", ["sntry[su]_[A-Za-z0-9+/=_]{24,}"]],
  ["Shippo", ["shippo_(?:live|test)_[a-fA-F0-9]{32,}"]],
  ["Shopify", ["shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}"]],
  ["Slack", ["xox[a-z]-[A-Za-z0-9-]{8,}", "xapp-[A-Za-z0-9-]{16,}"]],
  ["SonarQube", ["sq[apu]_[a-f0-9]{40}"]],
  ["Sourcegraph", ["sgp_(?:[a-f0-9]{16}_|local_)?[a-f0-9]{40}"]],
  ["Square", ["sq0(?:atp|csp|idp)-[\\w-]{22,}"]],
  [
    "Stripe, Clerk",
    [
      "sk_(?:live|test)_[A-Za-z0-9]{8,}",
      "rk_(?:live|test)_[A-Za-z0-9]{8,}",
      "pk_(?:live|test)_[A-Za-z0-9]{8,}",
      "whsec_[A-Za-z0-9+/=]{16,}"
    ]
  ],
  ["Supabase", ["sbp_[a-f0-9]{32,}", "sb_secret_[\\w-]{20,}"]],
  ["Tailscale", ["tskey-[\\w-]{16,}"]],
  ["Tavily", ["tvly-[\\w-]{24,}"]],
  ["Telegram", ["\\d{8,10}:AA[\\w-]{33}"]],
  ["Together AI, Vercel", ["tgp_v1_[\\w-]{32,}", "vc[apkir]_[A-Za-z0-9]{24,}"]],
  ["Twilio", ["SK[a-f0-9]{32}"]],
  ["Typeform", ["tfp_[\\w-]{40,}"]],
  ["xAI", ["xai-[A-Za-z0-9]{32,}"]],
  ["Yandex Cloud", ["AQVN[\\w-]{35,}"]]
]

const any = `(?:${services.flatMap(([, keys]) => keys).join("|")})`

/** What ends a key is all that belongs to it. */
export const serviceKeys = new RegExp(`(?<![A-Za-z0-9])${any}[\\w-]*`, "g")

/** Two characters that a key begins with, and the third: itself, or one of a class or of a group's. */
const beginning = /^(?:\(\?<!-\))?((?:[\w/-]|\\\.){2})(?:\[([^\]]+)\]|\(\?:([^)]+)\)|\\?(.))/

/** The first three characters of a key; none where those may be any: such a key is given away by a sign in it, see `hints.ts`. */
export const beginningsOf = (key: string): ReadonlyArray<string> => {
  const [, two, ofClass, ofGroup, third] = beginning.exec(key) ?? []
  if (two === undefined) return []
  const start = two.replaceAll("\\", "")
  if (third !== undefined) return [start + third]
  if (ofGroup !== undefined) return ofGroup.split("|").map((word) => start + word.charAt(0))
  const inClass = new RegExp(`[${ofClass}]`)
  return Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
    .filter((char) => inClass.test(char))
    .map((char) => start + char)
}

/** Those of all keys. */
export const beginnings: ReadonlyArray<string> = services.flatMap(([, keys]) => keys.flatMap(beginningsOf))

const keyHere = new RegExp(any, "y")

/** Whether a key is at `at`, where a word begins. */
export const isKeyAt = (text: string, at: number): boolean => {
  keyHere.lastIndex = at
  return keyHere.test(text)
}

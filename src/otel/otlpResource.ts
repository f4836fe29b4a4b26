/**
 * What sends spans and log records, as the program and the environment say it.
 */
import * as EffectResource from "@effect/opentelemetry/OtlpResource"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as otlpAttributes from "./otlpAttributes.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface OtlpResource {
  readonly serviceName?: string | undefined
  readonly serviceVersion?: string | undefined
  readonly attributes?: Record<string, unknown> | undefined
}

/** The resource; an endless wait for a name would be worse than a stranger. */
export const resourceOf = (resource: OtlpResource | undefined): Effect.Effect<EffectResource.Resource> =>
  Effect.gen(function* () {
    const attributes = { ...(yield* fromEnvironment), ...resource?.attributes }
    const given = { ...resource, attributes }
    const made = yield* EffectResource.fromConfig(given).pipe(
      Effect.catchAllDefect(() => EffectResource.fromConfig({ ...given, serviceName: "unknown_service:node" }))
    )
    // It rounds what is exact, and writes what an endpoint cannot read.
    const exact = new Map(otlpAttributes.of(Object.entries(attributes)).map((attribute) => [attribute.key, attribute]))
    return { ...made, attributes: made.attributes.map((attribute) => exact.get(attribute.key) ?? attribute) }
  })

/**
 * Its values are percent-encoded, which `@effect/opentelemetry` does not know:
 * https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
const fromEnvironment: Effect.Effect<{ readonly [name: string]: string }> = Config.string(
  "OTEL_RESOURCE_ATTRIBUTES"
).pipe(
  Effect.map((text) =>
    Object.fromEntries(
      text.split(",").flatMap((entry) => {
        const at = entry.indexOf("=")
        const name = entry.slice(0, at).trim()
        return at < 0 || name === "" ? [] : [[decoded(name), decoded(entry.slice(at + 1).trim())]]
      })
    )
  ),
  // Not set, or held as something that is no text.
  Effect.orElseSucceed(() => ({}))
)

/** As it is, where it is not encoded. */
const decoded = (text: string): string => Either.getOrElse(Encoding.decodeUriComponent(text), () => text)

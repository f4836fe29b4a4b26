/**
 * Stories and stages for code that is not Effect.
 *
 * @since 0.1.0
 */
export * as Narrator from "./Narrator.js"

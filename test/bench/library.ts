/**
 * The library as its users run it: compiled JavaScript, as every peer here is. Build it first.
 */
type Library = typeof import("../../src/index.js")
type Otel = typeof import("../../src/otel/index.js")
type FiberFrames = typeof import("../../src/diagnostics/locals/fiberFrames.js")
type Locals = typeof import("../../src/diagnostics/locals/locals.js")
type HistoryLibrary = typeof import("../../src/history/index.js")
type Runs = typeof import("../../src/runs.js")
type Dispatch = typeof import("../../src/delivery/dispatch.js")
type Renderers = typeof import("../../src/delivery/rendererSet.js")
type Http = typeof import("../../src/integration/http/index.js")
type Diagnostics = typeof import("../../src/diagnostics/Diagnostics.js")

const compiled = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href

export const {
  Correlation,
  Instrument,
  Interceptor,
  JsonRenderer,
  Narrative,
  NarrativeEvent: NarrativeEvents,
  NarrativeSpans,
  Renderer,
  RotatingJsonRenderer
}: Library = await import(compiled("index.js"))

export const { describe }: Diagnostics = await import(compiled("diagnostics/Diagnostics.js"))

export const { CountedSpanProcessor, NarrativeTracing }: Otel = await import(compiled("otel/index.js"))

export const { NarrativeHttp }: Http = await import(compiled("integration/http/index.js"))

export const { framesOf, install }: FiberFrames = await import(compiled("diagnostics/locals/fiberFrames.js"))

export const { openReader }: Locals = await import(compiled("diagnostics/locals/locals.js"))

export const { History, HistoryRenderer }: HistoryLibrary = await import(compiled("history/index.js"))

export const { Run }: Runs = await import(compiled("runs.js"))

export const { current: currentRenderers }: Renderers = await import(compiled("delivery/rendererSet.js"))

export const { deliver }: Dispatch = await import(compiled("delivery/dispatch.js"))

/**
 * The hook as Node 20 runs it beside other hooks, in their thread.
 */
import { instrument, type Loaded } from "./loaded.js"
import type { AutoSettings, Shared } from "./settings.js"

export interface LoaderData {
  readonly settings: AutoSettings
  readonly shared: Shared
}

let data: LoaderData | undefined

export const initialize = (given: LoaderData): void => {
  data = given
}

export const load = async <Context>(
  url: string,
  context: Context,
  nextLoad: (url: string, context: Context) => Promise<Loaded>
): Promise<Loaded> => {
  const loaded = await nextLoad(url, context)
  if (data === undefined || Atomics.load(data.shared.isOn, 0) === 0) return loaded
  return instrument(url, loaded, data.settings, data.shared)
}

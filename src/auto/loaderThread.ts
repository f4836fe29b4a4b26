/**
 * The hook as Node 20 runs it, in a thread of its own.
 */
import { instrument, type Loaded } from "./loaded.js"
import type { AutoSettings } from "./settings.js"

export interface LoaderData {
  readonly settings: AutoSettings
  /** 1 as long as the hook is registered. */
  readonly isOn: Int32Array
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
  return data === undefined || Atomics.load(data.isOn, 0) === 0 ? loaded : instrument(url, loaded, data.settings)
}

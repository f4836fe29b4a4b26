/**
 * When the page was written, and by what.
 */
import { time } from "../kit/format.js"

export const PageFoot = ({ writtenAt }: { readonly writtenAt: number }) => (
  <footer class="page-foot">{`Written ${time(writtenAt)} by effect-narrative`}</footer>
)

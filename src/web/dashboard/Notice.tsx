/**
 * What a view shows in place of what it has not got: why, and what can be done.
 */
import type { ComponentChildren } from "preact"
import type { ApiError } from "./api.js"

interface NoticeProps {
  readonly title: string
  readonly children?: ComponentChildren
  readonly tone?: "calm" | "fail"
}

export const Notice = ({ children, title, tone = "calm" }: NoticeProps) => (
  <div class={`notice ${tone}`} role={tone === "fail" ? "alert" : "status"}>
    <p class="notice-title">{title}</p>
    {children}
  </div>
)

interface ErrorNoticeProps {
  /** What could not be done, e.g. `The runs could not be loaded`. */
  readonly what: string
  readonly error: ApiError
  readonly onRetry?: () => void
}

export const ErrorNotice = ({ error, onRetry, what }: ErrorNoticeProps) => (
  <Notice title={what} tone="fail">
    <p>{error.message}</p>
    {onRetry !== undefined && (
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    )}
  </Notice>
)

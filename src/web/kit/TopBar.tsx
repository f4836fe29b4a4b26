/**
 * The bar at the top of a page.
 */
import type { ComponentChildren } from "preact"
import { Icon } from "./Icon.js"
import { toggleTheme } from "./theme.js"

interface TopBarProps {
  /** What it is for, where it is for more than to be seen. */
  readonly role?: "search"
  /** Beside the name. */
  readonly children?: ComponentChildren
  /** Before the button for the theme. */
  readonly tools?: ComponentChildren
}

export const TopBar = ({ children, role, tools }: TopBarProps) => (
  <div class="topbar" role={role}>
    <span class="brand">
      <span class="brand-mark" />
      narrative
    </span>
    {children}
    <div class="topbar-space" />
    {tools}
    <button
      type="button"
      class="plain"
      id="theme"
      title="Light or dark (t)"
      aria-label="Switch between light and dark"
      onClick={toggleTheme}
    >
      <Icon name="moon" />
    </button>
  </div>
)

/**
 * The dashboard: its navigation, and the view that the address names.
 */
import { Component, type ComponentChildren } from "preact"
import { useEffect } from "preact/hooks"
import { KeyList } from "../kit/KeyList.js"
import { TopBar } from "../kit/TopBar.js"
import { isBusy } from "./api.js"
import { Glyph } from "./Glyph.js"
import { Notice } from "./Notice.js"
import { areKeysShown, commonKeys, viewKeys } from "./pageKeys.js"
import { address } from "./router.js"
import { Toasts } from "./Toasts.js"
import { TokenForm } from "./TokenForm.js"
import { type View, viewAt, views } from "./views.js"

export const Dashboard = () => {
  const [path] = address.value.path
  const view = viewAt(path)
  useEffect(() => {
    document.title = `${view?.title ?? "Not found"} · narrative`
  }, [view])
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <TopBar tools={<KeysButton />}>
        <h1 class="view-title">{view?.title ?? "Not found"}</h1>
      </TopBar>
      <div class={isBusy.value ? "busy on" : "busy"} aria-hidden="true" />
      <div class="shell">
        <Navigation current={view} />
        <main class="view" id="main" tabIndex={-1}>
          <Guarded key={view?.path}>{view === undefined ? <NotFound /> : <view.component />}</Guarded>
        </main>
      </div>
      <Toasts />
      <KeyList isOpen={areKeysShown} keys={[...viewKeys(), ...commonKeys(views)]} />
      <TokenForm />
    </>
  )
}

const KeysButton = () => (
  <button
    type="button"
    class="plain"
    title="Keys (?)"
    aria-label="Keys"
    onClick={() => {
      areKeysShown.value = true
    }}
  >
    ?
  </button>
)

const Navigation = ({ current }: { readonly current: View | undefined }) => (
  <nav class="rail" aria-label="Views">
    {views.map(({ glyph, path, title }, i) => (
      <a
        key={path}
        href={`/${path}`}
        title={`${title} (${i + 1})`}
        aria-current={path === current?.path ? "page" : undefined}
      >
        <Glyph name={glyph} />
        {title}
      </a>
    ))}
  </nav>
)

const NotFound = () => (
  <Notice title="There is no such page">
    <p>
      <a class="link" href="/runs">
        Go to the runs
      </a>
    </p>
  </Notice>
)

/** A fault of one view leaves the others as they are. */
class Guarded extends Component<{ readonly children: ComponentChildren }, { readonly fault?: string }> {
  override componentDidCatch(error: unknown): void {
    console.error(error)
    this.setState({ fault: error instanceof Error ? error.message : String(error) })
  }

  override render() {
    const { fault } = this.state
    return fault === undefined ? (
      this.props.children
    ) : (
      <Notice title="This view failed" tone="fail">
        <p>{fault}</p>
      </Notice>
    )
  }
}

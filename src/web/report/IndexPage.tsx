/**
 * The page that leads to the reports of a folder.
 */
import type { IndexData } from "../../renderer/html/pageData.js"
import { TopBar } from "../kit/TopBar.js"
import { PageFoot } from "./PageFoot.js"
import { StoryList } from "./StoryList.js"

export const IndexPage = ({ data }: { readonly data: IndexData }) => (
  <>
    <TopBar />
    <main class="index" id="main">
      <StoryList
        stories={data.entries.map((entry) => ({ ...entry, href: encodeURI(entry.file) }))}
        title={data.title ?? "Stories"}
        omitted={0}
      />
      <PageFoot writtenAt={data.writtenAt} />
    </main>
  </>
)

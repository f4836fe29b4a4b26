/**
 * Reads the data of the page and shows it.
 */
import type { IndexData, ReportData } from "../../renderer/html/pageData.js"
import { listenForKeys } from "../kit/keys.js"
import { renderPage } from "../kit/renderPage.js"
import { toggleTheme } from "../kit/theme.js"
import { IndexPage } from "./IndexPage.js"
import { ReportPage } from "./ReportPage.js"
import { ReportState } from "./reportState.js"

const showIndex = (data: IndexData, page: Element): void => {
  listenForKeys(() => [{ keys: ["t"], does: "Light or dark", run: toggleTheme }])
  renderPage(<IndexPage data={data} />, page)
}

const showReport = (data: ReportData, page: Element): void => {
  const state = new ReportState(data)
  const printing = (isPrinting: boolean) => () => {
    state.printing.value = isPrinting
  }
  const paper = matchMedia("print")
  paper.addEventListener("change", () => printing(paper.matches)())
  addEventListener("beforeprint", printing(true))
  addEventListener("afterprint", printing(false))
  addEventListener("hashchange", () => state.follow(location.hash))
  listenForKeys(() => state.keys)
  state.follow(location.hash)
  renderPage(<ReportPage state={state} />, page)
}

const page = document.getElementById("page")
// Written by the renderer that brought this script along.
const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as ReportData | IndexData
if (page !== null && data.page === "index") showIndex(data, page)
else if (page !== null && data.page === "report") showReport(data, page)

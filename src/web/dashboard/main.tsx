/**
 * Shows the dashboard.
 */
import { listenForKeys } from "../kit/keys.js"
import { renderPage } from "../kit/renderPage.js"
import { Dashboard } from "./Dashboard.js"
import { commonKeys, viewKeys } from "./pageKeys.js"
import { listenForAddresses } from "./router.js"
import { takeTokenFromAddress } from "./token.js"
import { views } from "./views.js"

const page = document.getElementById("page")
if (page !== null) {
  takeTokenFromAddress()
  listenForAddresses()
  listenForKeys(() => [...viewKeys(), ...commonKeys(views)])
  renderPage(<Dashboard />, page)
}

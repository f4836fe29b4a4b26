/** All alerts, by the group of `rules.yml` they are in. */
import type { AlertRule } from "./AlertRule.js"
import { deliveryAlerts } from "./alerts/DeliveryAlerts.js"
import { modelAlerts } from "./alerts/ModelAlerts.js"
import { storyAlerts } from "./alerts/StoryAlerts.js"

export const alerts = { stories: storyAlerts, models: modelAlerts, delivery: deliveryAlerts }

export const every: ReadonlyArray<AlertRule> = Object.values(alerts).flat()

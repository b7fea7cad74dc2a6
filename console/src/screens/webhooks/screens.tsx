export { Webhook } from './webhook'
export { Webhooks } from './webhooks'

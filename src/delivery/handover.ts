export type { HandOver } from '../hand-over.ts'

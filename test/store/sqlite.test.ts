/** The embedded store keeps every promise of the port. */
import { openSqlite } from '../support/sqlite-folder.ts'
import { storeConformance } from './conformance.ts'

storeConformance('sqlite', openSqlite)

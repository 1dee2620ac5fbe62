/** Writes docs/<vendor>.md out of the catalog: `node --import tsx scripts/docs.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { providers } from '../providers';
import { pageOf } from './docs-page';

for (const provider of providers) writeFileSync(join(__dirname, '..', 'docs', `${provider.name}.md`), pageOf(provider));

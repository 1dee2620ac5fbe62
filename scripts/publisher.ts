import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the root's package.json says for all packages: who publishes them, from where, and in which version. */
export interface Publisher {
	version: string;
	license: string;
	author: { name: string; email: string };
	repository: { type: string; url: string };
	bugs: { url: string };
	engines: Record<string, string>;
}

export const publisher = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as Publisher;

/** The repository's page. */
export const REPOSITORY = publisher.repository.url.replace(/^git\+|\.git$/g, '');

/** A page of the repository, as links from elsewhere name it. */
export const pageAt = (path: string) => `${REPOSITORY}/blob/main/${path}`;

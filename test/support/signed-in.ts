import type { Provider } from '../../core/describe/provider';

/** What vendors made for tests have in common where the host logs in, and which session it has says nothing. */
export const SIGNED_IN = {
	name: 'trackceo',
	title: 'Vendor',
	description: '',
	connection: {},
	login: () => Promise.reject(new Error('the host logs in')),
	loginMethod: { route: 'GET /login', evidence: { section: '0', grade: 'C' } },
	sign: (request) => request,
	triggers: [],
	lookups: {},
} satisfies Partial<Provider>;

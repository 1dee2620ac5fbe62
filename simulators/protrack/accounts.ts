import { createHash } from 'node:crypto';

export const PASSWORD = 'Abc@34590'; // the password of the document's example (2.1)

/** 2.11: 1 Distributor, 2 End user, 3 Virtual account. */
export type RoleType = 1 | 2 | 3;

export interface AccountSeed {
	account: string;
	password?: string;
	parent?: string;
	roletype?: RoleType;
	username?: string;
	blocked?: boolean;
	/** Whether the reseller switched the Open API on. */
	openApi?: boolean;
}

export interface Account extends Required<Omit<AccountSeed, 'parent'>> {
	parent: Account | null;
	children: Account[];
	/** md5 of the password, which is all that a signature needs. `password` is the one of the seed. */
	passwordHash: string;
	email: string;
	mobile: string;
	telephone: string;
	createtime: number;
}

export const SEEDS: readonly AccountSeed[] = [
	{ account: 'demo', username: 'Fleet demo' },
	{ account: 'demo-north', parent: 'demo', username: 'North branch' },
	{ account: 'demo-south', parent: 'demo', username: 'South branch' },
	{ account: 'driver1', parent: 'demo', roletype: 2, username: 'First driver' },
	{ account: 'driver2', parent: 'demo-north', roletype: 2, username: 'Second driver' },
	{ account: 'viewer', parent: 'demo', roletype: 3, username: 'Viewer' },
	{ account: 'blocked', blocked: true, username: 'Blocked customer' },
	{ account: 'noapi', openApi: false, username: 'Customer without Open API' },
];

/** Builds the tree; a parent has to come before its children. */
export function createAccounts(seeds: readonly AccountSeed[], created: number): Map<string, Account> {
	const accounts = new Map<string, Account>();
	for (const seed of seeds) {
		const parent = seed.parent === undefined ? null : accounts.get(seed.parent);
		if (parent === undefined) throw new Error(`account ${seed.account}: no parent ${seed.parent}`);
		const password = seed.password ?? PASSWORD;
		const account: Account = {
			account: seed.account,
			password,
			passwordHash: md5(password),
			parent,
			children: [],
			roletype: seed.roletype ?? 1,
			username: seed.username ?? seed.account,
			blocked: seed.blocked ?? false,
			openApi: seed.openApi ?? true,
			email: `${seed.account}@fleet.example`,
			mobile: '',
			telephone: '',
			createtime: created + accounts.size * 3600,
		};
		parent?.children.push(account);
		accounts.set(account.account, account);
	}
	return accounts;
}

/** Whether an account is another one or somewhere below it. */
export function isWithin(account: Account, top: Account): boolean {
	for (let one: Account | null = account; one; one = one.parent) {
		if (one === top) return true;
	}
	return false;
}

export function md5(text: string): string {
	return createHash('md5').update(text, 'utf8').digest('hex');
}

/** 2.11, 2.15. */
export function accountRecord(account: Account) {
	return {
		createtime: account.createtime,
		mobile: account.mobile,
		telephone: account.telephone,
		roletype: account.roletype,
		account: account.account,
		email: account.email,
		blockstatus: account.blocked ? 0 : 1,
		username: account.username,
	};
}

import type { IncomingHttpHeaders } from 'node:http';

export interface VendorRequest {
	method: string;
	path: string;
	query: Record<string, string>;
	headers: IncomingHttpHeaders;
	body: string;
}

export interface Answer {
	status: number;
	headers: Record<string, string>;
	body: string;
	/** The vendor's code inside the body. */
	code: number;
}

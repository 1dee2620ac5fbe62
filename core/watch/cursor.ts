import { z } from 'zod/v4';

/** Where a trigger stands, as plain JSON. Only the engine that wrote it reads what is in it. */
export type Cursor = { v: 1; event: string } & Record<string, unknown>;

/** Seconds since 1970: cursors are stored often, and shorter than they would be in milliseconds. */
export const seconds = z.number().int().min(0).max(1e11);

import { describe } from 'vitest';
import { polling } from './n8n-polling';

describe('polling, n8n in its mode "default"', () => polling({ durable: false }));

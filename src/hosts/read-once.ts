import { z } from 'zod';

// A process reads a form once or twice: a parser made for each at run time costs more than it saves. First of all, as a form asks when it is made.
z.config({ jitless: true });

import { CATEGORIES, CITIES, SEGMENTS, STATES, YEARS } from './shop.ts';

export interface Pair {
  readonly question: string;
  readonly sql: string;
  readonly complexity: string;
}

type One = <T>(values: readonly T[]) => T;

export interface Kind {
  /** The month from which it is asked. */
  readonly since: 1 | 2;
  make(one: One): Pair;
}

const AGES = Array.from({ length: 60 }, (_, i) => String(19 + i));
const AMOUNTS = Array.from({ length: 89 }, (_, i) => String(10 + i));
const COMPARE = [
  ['more than', '>'],
  ['at least', '>='],
  ['less than', '<'],
  ['at most', '<='],
] as const;
const AGGREGATES = [
  ['average', 'avg'],
  ['highest', 'max'],
  ['lowest', 'min'],
  ['total', 'sum'],
] as const;

function kind(since: 1 | 2, complexity: string, fill: (one: One) => { readonly ask: readonly string[]; readonly sql: string }): Kind {
  return {
    since,
    make(one) {
      const { ask, sql } = fill(one);
      return { question: one(ask), sql, complexity };
    },
  };
}

export const KINDS: readonly Kind[] = [
  kind(1, 'basic SQL', (one) => {
    const [city, age, [words, sign]] = [one(CITIES), one(AGES), one(COMPARE)];
    return {
      ask: [`Which customers in ${city} are ${words} ${age} years old?`, `Names of customers from ${city} aged ${words} ${age}`],
      sql: `SELECT name FROM customers WHERE city = '${city}' AND age ${sign} ${age}`,
    };
  }),
  kind(1, 'basic SQL', (one) => {
    const [category, price, [words, sign]] = [one(CATEGORIES), one(AMOUNTS), one(COMPARE)];
    return {
      ask: [`List ${category} products that cost ${words} ${price}`, `Which products for ${category} have a price of ${words} ${price}?`],
      sql: `SELECT name FROM products WHERE category = '${category}' AND price ${sign} ${price}`,
    };
  }),
  kind(1, 'basic SQL', (one) => {
    const [status, year, amount] = [one(STATES), one(YEARS), one(AMOUNTS)];
    return {
      ask: [
        `Show ${status} orders of ${year} above ${amount}, dearest first`,
        `Orders from ${year} that are ${status} and over ${amount}, by amount`,
      ],
      sql: `SELECT id FROM orders WHERE status = '${status}' AND year = ${year} AND amount > ${amount} ORDER BY amount DESC`,
    };
  }),
  kind(1, 'aggregation', (one) => {
    const [city, segment, age] = [one(CITIES), one(SEGMENTS), one(AGES)];
    return {
      ask: [`How many ${segment} customers over ${age} live in ${city}?`, `Count the ${segment} customers of ${city} older than ${age}`],
      sql: `SELECT count(*) FROM customers WHERE city = '${city}' AND segment = '${segment}' AND age > ${age}`,
    };
  }),
  kind(1, 'aggregation', (one) => {
    const [[words, name], status, year] = [one(AGGREGATES), one(STATES), one(YEARS)];
    const quantity = String(1 + AMOUNTS.indexOf(one(AMOUNTS.slice(0, 9))));
    return {
      ask: [
        `What is the ${words} amount of ${status} orders in ${year} with a quantity over ${quantity}?`,
        `${words} order amount for ${status} in ${year}, quantity above ${quantity}`,
      ],
      sql: `SELECT ${name}(amount) FROM orders WHERE status = '${status}' AND year = ${year} AND quantity > ${quantity}`,
    };
  }),
  kind(1, 'aggregation', (one) => {
    const [stock, price] = [one(AMOUNTS), one(AMOUNTS)];
    return {
      ask: [`Number of products per category with stock under ${stock} and price over ${price}`],
      sql: `SELECT category, count(*) FROM products WHERE stock < ${stock} AND price > ${price} GROUP BY category`,
    };
  }),
  kind(1, 'single join', (one) => {
    const [city, status, amount] = [one(CITIES), one(STATES), one(AMOUNTS)];
    return {
      ask: [
        `Which customers from ${city} have ${status} orders over ${amount}?`,
        `Names in ${city} with an order that is ${status} above ${amount}`,
      ],
      sql: `SELECT DISTINCT c.name FROM customers AS c JOIN orders AS o ON o.customer_id = c.id WHERE c.city = '${city}' AND o.status = '${status}' AND o.amount > ${amount}`,
    };
  }),
  kind(1, 'single join', (one) => {
    const [category, year, amount] = [one(CATEGORIES), one(YEARS), one(AMOUNTS)];
    return {
      ask: [`Total quantity of ${category} ordered in ${year} for more than ${amount}`],
      sql: `SELECT sum(o.quantity) FROM orders AS o JOIN products AS p ON o.product_id = p.id WHERE p.category = '${category}' AND o.year = ${year} AND o.amount > ${amount}`,
    };
  }),
  kind(1, 'multiple_joins', (one) => {
    const [city, category, amount] = [one(CITIES), one(CATEGORIES), one(AMOUNTS)];
    return {
      ask: [`Who in ${city} ordered ${category} for over ${amount}?`, `Customers of ${city} that bought ${category} above ${amount}`],
      sql: `SELECT DISTINCT c.name FROM customers AS c JOIN orders AS o ON o.customer_id = c.id JOIN products AS p ON o.product_id = p.id WHERE c.city = '${city}' AND p.category = '${category}' AND o.amount > ${amount}`,
    };
  }),
  kind(1, 'subqueries', (one) => {
    const [city, status, age] = [one(CITIES), one(STATES), one(AGES)];
    return {
      ask: [`Which customers older than ${age} in ${city} have no ${status} orders?`],
      sql: `SELECT name FROM customers WHERE city = '${city}' AND age > ${age} AND id NOT IN (SELECT customer_id FROM orders WHERE status = '${status}')`,
    };
  }),
  kind(2, 'subqueries', (one) => {
    const [category, stock] = [one(CATEGORIES), one(AMOUNTS)];
    return {
      ask: [`Which ${category} products with stock over ${stock} cost more than the average?`],
      sql: `SELECT name FROM products WHERE category = '${category}' AND stock > ${stock} AND price > (SELECT avg(price) FROM products)`,
    };
  }),
  kind(2, 'set operations', (one) => {
    const [city, segment, age] = [one(CITIES), one(SEGMENTS), one(AGES)];
    return {
      ask: [`Customers who live in ${city} or are ${segment} and under ${age}`],
      sql: `SELECT name FROM customers WHERE city = '${city}' UNION SELECT name FROM customers WHERE segment = '${segment}' AND age < ${age}`,
    };
  }),
  kind(2, 'window functions', (one) => {
    const [status, year, amount] = [one(STATES), one(YEARS), one(AMOUNTS)];
    return {
      ask: [`Rank the ${status} orders of ${year} over ${amount} by amount`],
      sql: `SELECT id, rank() OVER (ORDER BY amount DESC) FROM orders WHERE status = '${status}' AND year = ${year} AND amount > ${amount}`,
    };
  }),
];

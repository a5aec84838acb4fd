import type { DatabaseSync } from 'node:sqlite';
import type { Random } from '../../src/statistics/random.ts';

export const CITIES = ['Berlin', 'Bonn', 'Hamburg', 'Kiel', 'Leipzig', 'Munich', 'Oslo', 'Paris', 'Rome', 'Vienna'];
export const SEGMENTS = ['private', 'business', 'school'];
export const CATEGORIES = ['books', 'games', 'garden', 'kitchen', 'music', 'tools'];
export const STATES = ['paid', 'open', 'sent', 'returned'];
export const YEARS = ['2023', '2024', '2025'];
const NAMES = ['Ada', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'Jule', 'Kai', 'Lena', 'Max', 'Nina', 'Otto', 'Pia'];

/** The shop the questions are about: three tables of a few hundred rows, so that most questions have an answer. */
export function fillShop(database: DatabaseSync, random: Random): void {
  const one = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
  const number = (low: number, high: number): bigint => BigInt(low + random.below(high - low + 1));
  database.exec(`
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, age INTEGER, segment TEXT);
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, category TEXT, price INTEGER, stock INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, product_id INTEGER REFERENCES products,
      quantity INTEGER, amount INTEGER, status TEXT, year INTEGER);
    BEGIN`);
  const customer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)');
  for (let i = 1; i <= 120; i++) customer.run(BigInt(i), `${one(NAMES)} ${i}`, one(CITIES), number(18, 80), one(SEGMENTS));
  const product = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?, ?)');
  for (let i = 1; i <= 60; i++) product.run(BigInt(i), `item ${i}`, one(CATEGORIES), number(1, 99), number(0, 99));
  const order = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (let i = 1; i <= 400; i++) {
    order.run(BigInt(i), number(1, 120), number(1, 60), number(1, 9), number(1, 99), one(STATES), BigInt(one(YEARS)));
  }
  database.exec('COMMIT');
}

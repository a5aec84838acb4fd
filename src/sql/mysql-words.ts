import type { SqlMode } from './dialect.ts';

export type MysqlFlavour = 'mysql8' | 'mariadb';

export interface MysqlRules {
  readonly flavour: MysqlFlavour;
  readonly modes: readonly SqlMode[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Reserved in MySQL 8.0 (manual, "Keywords and Reserved Words") and in MariaDB 10.11 (knowledge base, "Reserved Words"). */
const BOTH = words(`
  accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change char character
  check collate column condition constraint continue convert create cross current_date current_time current_timestamp current_user cursor
  database databases day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete desc describe deterministic
  distinct distinctrow div double drop dual each else elseif enclosed escaped except exists exit explain false fetch float float4 float8 for
  force foreign from fulltext grant group having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout
  insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into is iterate join key keys kill leading leave left like limit
  linear lines load localtime localtimestamp lock long longblob longtext loop low_priority master_ssl_verify_server_cert match maxvalue
  mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural not no_write_to_binlog null numeric on
  optimize option optionally or order out outer outfile over partition precision primary procedure purge range read reads read_write real
  recursive references regexp release rename repeat replace require resignal restrict return revoke right rlike row_number rows schema schemas
  second_microsecond select sensitive separator set show signal smallint spatial specific sql sqlexception sqlstate sqlwarning sql_big_result
  sql_calc_found_rows sql_small_result ssl starting straight_join table terminated then tinyblob tinyint tinytext to trailing trigger true
  undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying when
  where while with write xor year_month zerofill`);

const MYSQL8_ONLY = words(`
  cube cume_dist dense_rank empty first_value function generated get grouping groups io_after_gtids io_before_gtids json_table lag last_value
  lateral lead master_bind nth_value ntile of optimizer_costs percent_rank rank row stored system virtual window`);

/** `offset` since 10.6. */
const MARIADB_ONLY = words(`
  current_role delete_domain_id do_domain_ids ignore_domain_ids offset page_checksum parse_vcol_expr ref_system_id returning
  stats_auto_recalc stats_persistent stats_sample_pages`);

export const RESERVED: Readonly<Record<MysqlFlavour, ReadonlySet<string>>> = {
  mysql8: new Set([...BOTH, ...MYSQL8_ONLY]),
  mariadb: new Set([...BOTH, ...MARIADB_ONLY]),
};

/** Built-ins that are only such when the parenthesis follows without a blank (manual, "Function Name Parsing and Resolution"). */
export const NO_BLANK_FUNCTIONS: ReadonlySet<string> = new Set(
  words(`
  adddate bit_and bit_or bit_xor cast count curdate curtime date_add date_sub extract group_concat max mid min now position session_user std
  stddev stddev_pop stddev_samp subdate substr substring sum sysdate system_user trim variance var_pop var_samp`),
);

/** Reserved words that may begin an operand. */
export const OPERAND_WORDS: ReadonlySet<string> = new Set(
  words(`
  binary case current_date current_time current_timestamp current_user current_role default exists false interval localtime localtimestamp
  not null true utc_date utc_time utc_timestamp distinct distinctrow all values with any some`),
);

/** Reserved words that name a function when a parenthesis follows. */
export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  words(`
  char convert database if insert left match mod repeat replace right schema values interval binary not exists in
  cume_dist dense_rank first_value grouping lag last_value lead nth_value ntile percent_rank rank row_number row json_table
  current_date current_time current_timestamp current_user localtime localtimestamp utc_date utc_time utc_timestamp default`),
);

/** Reserved words that may stand after a complete operand or table. */
export const FOLLOWING_WORDS: ReadonlySet<string> = new Set(
  words(`
  and or xor not in is like rlike regexp between div mod as asc desc from where group having order limit union intersect except join inner
  left right cross natural straight_join on using then else when collate over for lock into set values window partition procedure use force
  ignore separator rows range groups interval with select fetch offset returning
  day_hour day_microsecond day_minute day_second hour_microsecond hour_minute hour_second minute_microsecond minute_second
  second_microsecond year_month key`),
);

/** Types CAST and CONVERT accept; `real`, `float` since MySQL 8.0.17; `year` since 8.0.22. */
export const CAST_TYPES: Readonly<Record<MysqlFlavour, ReadonlySet<string>>> = {
  mysql8: new Set(
    words(
      'binary char character nchar date datetime time decimal dec double float real json signed unsigned year point linestring polygon multipoint multilinestring multipolygon geometrycollection',
    ),
  ),
  mariadb: new Set(
    words(
      'binary char character nchar varchar date datetime time decimal dec double float integer int signed unsigned inet4 inet6 uuid json',
    ),
  ),
};

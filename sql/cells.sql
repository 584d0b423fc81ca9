-- The matrix that a snapshot makes: clients by cell, what moves each, and what to do in each cell.

CREATE TABLE icp_potential_plays (
    cell potential_cell_name NOT NULL,
    play text COLLATE "C" NOT NULL CONSTRAINT icp_potential_plays_play CHECK (play <> ''),
    position integer NOT NULL DEFAULT 100,
    title_en text,
    title_ru text,
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_potential_plays_pkey PRIMARY KEY (cell, play, builtin));
ALTER TABLE icp_potential_plays OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_potential_plays', 'WHERE NOT builtin');
COMMENT ON TABLE icp_potential_plays IS
'What to do with the clients of a cell; icp_potential_playbook shows the plays in force. To add one, insert a row; to change a built-in one, insert a row of the same cell and play, which then stands in its place; without titles it takes the play away. Built-in rows are a place to start; they come with the extension and are not dumped.';
COMMENT ON COLUMN icp_potential_plays.cell IS 'The cell.';
COMMENT ON COLUMN icp_potential_plays.play IS 'Key of the play, the same in every language.';
COMMENT ON COLUMN icp_potential_plays.position IS 'Order within the cell, the smallest first.';
COMMENT ON COLUMN icp_potential_plays.title_en IS 'What to do, in English.';
COMMENT ON COLUMN icp_potential_plays.title_ru IS 'What to do, in Russian.';
COMMENT ON COLUMN icp_potential_plays.builtin IS 'Whether the row comes with the extension.';
INSERT INTO icp_potential_plays (cell, play, position, title_en, title_ru, builtin) VALUES
    ('low_priority', 'mailing', 1, 'Automatic mailings only; watch what they cost', 'Только автоматические рассылки; следить за затратами', true),
    ('developing', 'self_service', 1, 'Basic service, orders by self-service', 'Базовый сервис, заказы через самообслуживание', true),
    ('stable', 'reorder', 1, 'Automatic reorders and reminders', 'Автоматические повторные заказы и напоминания', true),
    ('promising', 'ads', 1, 'Targeted advertising', 'Таргетированная реклама', true),
    ('promising', 'cases', 2, 'Cases of similar clients', 'Кейсы похожих клиентов', true),
    ('promising', 'newcomer_offer', 3, 'Offer for newcomers', 'Предложение для новичков', true),
    ('development_focus', 'ask_price', 1, 'Find out why it does not grow: price', 'Выяснить, почему не растёт: цена', true),
    ('development_focus', 'ask_service', 2, 'Find out why it does not grow: service', 'Выяснить, почему не растёт: сервис', true),
    ('development_focus', 'ask_product', 3, 'Find out why it does not grow: product', 'Выяснить, почему не растёт: продукт', true),
    ('key', 'extra_products', 1, 'Offer extra products', 'Предложить дополнительные продукты', true),
    ('capture_priority', 'personal_letters', 1, 'Personal letters', 'Персональные письма', true),
    ('capture_priority', 'closed_webinars', 2, 'Closed webinars', 'Закрытые вебинары', true),
    ('capture_priority', 'pain_content', 3, 'Content about its pains', 'Контент о его болях', true),
    ('strategic', 'events', 1, 'Invite to events', 'Приглашать на мероприятия', true),
    ('strategic', 'personal_materials', 2, 'Personal materials', 'Персональные материалы', true),
    ('strategic', 'product_requests', 3, 'Ask for requests to the product', 'Собирать запросы на новые продукты', true),
    ('vip', 'exclusive_content', 1, 'Exclusive content', 'Эксклюзивный контент', true),
    ('vip', 'expert_status', 2, 'Give expert status', 'Дать статус эксперта', true),
    ('vip', 'test_access', 3, 'Access to tests', 'Доступ к тестам новинок', true);
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_potential_plays
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('cell', 'play');

CREATE VIEW icp_potential_playbook AS
SELECT p.cell, @extschema@.potential_cell_number(p.cell) AS cell_no, p.play, p.position, p.title_en, p.title_ru
FROM (SELECT DISTINCT ON (l.cell, l.play) l.* FROM @extschema@.icp_potential_plays l ORDER BY l.cell, l.play, l.builtin) p
WHERE p.title_en IS NOT NULL OR p.title_ru IS NOT NULL;
ALTER VIEW icp_potential_playbook OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_playbook IS 'The plays in force: your own rows before built-in ones.';
COMMENT ON COLUMN icp_potential_playbook.cell IS 'The cell.';
COMMENT ON COLUMN icp_potential_playbook.cell_no IS 'Its number, 1 to 9.';
COMMENT ON COLUMN icp_potential_playbook.play IS 'Key of the play.';
COMMENT ON COLUMN icp_potential_playbook.position IS 'Order within the cell.';
COMMENT ON COLUMN icp_potential_playbook.title_en IS 'What to do, in English.';
COMMENT ON COLUMN icp_potential_playbook.title_ru IS 'What to do, in Russian.';

CREATE VIEW icp_potential_cells AS
SELECT @extschema@.potential_cell_number(c.cell) AS cell_no, c.cell,
       @extschema@.potential_cell_title(c.cell) AS title_en, @extschema@.potential_cell_title(c.cell, 'ru') AS title_ru,
       @extschema@.potential_cell_strategy(c.cell) AS strategy_en, @extschema@.potential_cell_strategy(c.cell, 'ru') AS strategy_ru
FROM pg_catalog.unnest(pg_catalog.enum_range(NULL::@extschema@.potential_cell_name)) c (cell)
UNION ALL
SELECT 0, NULL, 'Unplaced', 'Вне матрицы', 'find out the potential and the purchases', 'выяснить потенциал и закупки';
ALTER VIEW icp_potential_cells OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_cells IS 'The places of a client: the nine cells, and 0 for the unplaced.';
COMMENT ON COLUMN icp_potential_cells.cell_no IS 'Number of the cell, 1 to 9; 0: unplaced.';
COMMENT ON COLUMN icp_potential_cells.cell IS 'The cell; NULL: unplaced.';
COMMENT ON COLUMN icp_potential_cells.title_en IS 'Its title in English.';
COMMENT ON COLUMN icp_potential_cells.title_ru IS 'Its title in Russian.';
COMMENT ON COLUMN icp_potential_cells.strategy_en IS 'What to do, in English.';
COMMENT ON COLUMN icp_potential_cells.strategy_ru IS 'What to do, in Russian.';

CREATE VIEW icp_potential_dates AS
SELECT s.matrix, s.as_of, s.low, s.high, s.reached_from, s.year, s.currency,
       -- By an equality: of these the planner expects few rows to hold.
       s.as_of = (SELECT pg_catalog.max(n.as_of) FROM @extschema@.icp_potential_snapshots n WHERE n.matrix = s.matrix) AS latest
FROM @extschema@.icp_potential_snapshots s;
ALTER VIEW icp_potential_dates OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_dates IS 'The snapshots, and which of each matrix is the latest.';
COMMENT ON COLUMN icp_potential_dates.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_dates.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_dates.low IS 'Below it a potential was low.';
COMMENT ON COLUMN icp_potential_dates.high IS 'Above it a potential was high.';
COMMENT ON COLUMN icp_potential_dates.reached_from IS 'The share of the potential from which on it was reached.';
COMMENT ON COLUMN icp_potential_dates.year IS 'The year of purchases: rolling or calendar.';
COMMENT ON COLUMN icp_potential_dates.currency IS 'Currency of the amounts; NULL: not said.';
COMMENT ON COLUMN icp_potential_dates.latest IS 'Whether it is the latest of its matrix.';

CREATE VIEW icp_potential_history AS
SELECT s.matrix, s.as_of, s.latest, c.*, s.currency
FROM icp_potential_dates s
CROSS JOIN LATERAL (
    SELECT c.cell, c.cell_no, c.title_en, c.title_ru, c.strategy_en, c.strategy_ru,
           coalesce(p.clients, 0) AS clients, coalesce(p.leads, 0) AS leads,
           coalesce(p.purchases, 0) AS purchases, coalesce(p.potential, 0) AS potential, coalesce(p.unrealised, 0) AS unrealised,
           (coalesce(p.clients, 0) / nullif(pg_catalog.sum(p.clients) OVER (), 0))::double precision AS share,
           CASE WHEN c.cell_no > 0 THEN (coalesce(p.clients, 0) / nullif(pg_catalog.sum(p.clients) OVER level, 0))::double precision END AS level_share,
           CASE WHEN c.cell_no IN (3, 6, 9) THEN pg_catalog.sum(p.expected_reached) OVER level / nullif(pg_catalog.sum(p.with_expected) OVER level, 0) END::double precision AS expected_level_share,
           coalesce(p.underestimated, 0) AS underestimated, coalesce(p.stale, 0) AS stale, coalesce(p.undated, 0) AS undated,
           coalesce(p.without_owner, 0) AS without_owner, coalesce(p.verified, 0) AS verified
    FROM icp_potential_cells c
    LEFT JOIN (
        SELECT coalesce(potential_cell_number(l.cell), 0) AS cell_no, pg_catalog.count(*) AS clients, pg_catalog.count(*) FILTER (WHERE l.lead) AS leads,
               pg_catalog.sum(l.purchases) AS purchases, pg_catalog.sum(l.potential) AS potential,
               pg_catalog.sum(icp_unrealised(l.potential, l.purchases)) FILTER (WHERE l.cell IS NOT NULL) AS unrealised,
               pg_catalog.sum(l.expected_reached) AS expected_reached, pg_catalog.count(l.expected_reached) AS with_expected,
               pg_catalog.count(*) FILTER (WHERE l.underestimated) AS underestimated, pg_catalog.count(*) FILTER (WHERE l.stale) AS stale,
               pg_catalog.count(*) FILTER (WHERE l.updated_at IS NULL) AS undated, pg_catalog.count(*) FILTER (WHERE l.owner IS NULL) AS without_owner,
               pg_catalog.count(l.potential_source) AS verified
        FROM icp_potential_placements l
        WHERE l.matrix = s.matrix AND l.as_of = s.as_of GROUP BY l.cell) p ON p.cell_no = c.cell_no
    WINDOW level AS (PARTITION BY (c.cell_no + 2) / 3)) c
ORDER BY s.matrix, s.as_of, c.cell_no = 0, c.cell_no;
ALTER VIEW icp_potential_history OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_history IS
'The matrix at the date of each snapshot: ten rows a date, the nine cells and the unplaced. Counts and sums over the ten rows are those of all clients.';
COMMENT ON COLUMN icp_potential_history.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_history.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_history.latest IS 'Whether the snapshot is the latest of the matrix.';
COMMENT ON COLUMN icp_potential_history.cell IS 'The cell; NULL: the unplaced.';
COMMENT ON COLUMN icp_potential_history.cell_no IS 'Number of the cell, 1 to 9; 0: the unplaced.';
COMMENT ON COLUMN icp_potential_history.title_en IS 'Title in English.';
COMMENT ON COLUMN icp_potential_history.title_ru IS 'Title in Russian.';
COMMENT ON COLUMN icp_potential_history.strategy_en IS 'What to do, in English.';
COMMENT ON COLUMN icp_potential_history.strategy_ru IS 'What to do, in Russian.';
COMMENT ON COLUMN icp_potential_history.clients IS 'How many are in the cell, leads among them.';
COMMENT ON COLUMN icp_potential_history.leads IS 'Those of them that are leads: not clients yet.';
COMMENT ON COLUMN icp_potential_history.purchases IS 'What they bought in the year, less returns.';
COMMENT ON COLUMN icp_potential_history.potential IS 'The most they could buy in a year.';
COMMENT ON COLUMN icp_potential_history.unrealised IS 'What they could still buy: the sum of icp_unrealised; 0 for the unplaced.';
COMMENT ON COLUMN icp_potential_history.share IS 'Share of the cell in all clients, 0 to 1.';
COMMENT ON COLUMN icp_potential_history.level_share IS 'Share of the cell in the clients of its potential level (low, medium, high), 0 to 1; NULL for the unplaced.';
COMMENT ON COLUMN icp_potential_history.expected_level_share IS 'In the cells of reached potential, what level_share would be if the estimates were right: the mean expected_reached of the clients of the level that have one. NULL: no source said, or another cell.';
COMMENT ON COLUMN icp_potential_history.underestimated IS 'Those that bought more than was thought possible.';
COMMENT ON COLUMN icp_potential_history.stale IS 'Those whose estimate is older than stale_after.';
COMMENT ON COLUMN icp_potential_history.undated IS 'Those whose estimate has no date.';
COMMENT ON COLUMN icp_potential_history.without_owner IS 'Those for whose estimate nobody answers.';
COMMENT ON COLUMN icp_potential_history.verified IS 'Those whose estimate has a source; the others are unverified.';
COMMENT ON COLUMN icp_potential_history.currency IS 'Currency of the amounts; NULL: not said.';

CREATE VIEW icp_potential_matrix AS
SELECT h.matrix, h.as_of, h.cell, h.cell_no, h.title_en, h.title_ru, h.strategy_en, h.strategy_ru, h.clients, h.leads, h.purchases, h.potential, h.unrealised,
       h.share, h.level_share, h.expected_level_share, h.underestimated, h.stale, h.undated, h.without_owner, h.verified, h.currency
FROM icp_potential_history h WHERE h.latest ORDER BY h.matrix, h.cell_no = 0, h.cell_no;
ALTER VIEW icp_potential_matrix OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_matrix IS
'The client potential matrix by the latest snapshot of each matrix: ten rows, the nine cells, empty ones too, and cell_no 0 for the unplaced. Counts and sums over the ten rows are those of all clients.';
COMMENT ON COLUMN icp_potential_matrix.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_matrix.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_matrix.cell IS 'The cell; NULL: the unplaced.';
COMMENT ON COLUMN icp_potential_matrix.cell_no IS 'Number of the cell, 1 to 9; 0: the unplaced.';
COMMENT ON COLUMN icp_potential_matrix.title_en IS 'Title in English.';
COMMENT ON COLUMN icp_potential_matrix.title_ru IS 'Title in Russian.';
COMMENT ON COLUMN icp_potential_matrix.strategy_en IS 'What to do, in English.';
COMMENT ON COLUMN icp_potential_matrix.strategy_ru IS 'What to do, in Russian.';
COMMENT ON COLUMN icp_potential_matrix.clients IS 'How many are in the cell, leads among them.';
COMMENT ON COLUMN icp_potential_matrix.leads IS 'Those of them that are leads: not clients yet.';
COMMENT ON COLUMN icp_potential_matrix.purchases IS 'What they bought in the year, less returns.';
COMMENT ON COLUMN icp_potential_matrix.potential IS 'The most they could buy in a year.';
COMMENT ON COLUMN icp_potential_matrix.unrealised IS 'What they could still buy: the sum of icp_unrealised; 0 for the unplaced.';
COMMENT ON COLUMN icp_potential_matrix.share IS 'Share of the cell in all clients, 0 to 1.';
COMMENT ON COLUMN icp_potential_matrix.level_share IS 'Share of the cell in the clients of its potential level (low, medium, high), 0 to 1; NULL for the unplaced.';
COMMENT ON COLUMN icp_potential_matrix.expected_level_share IS 'In the cells of reached potential, what level_share would be if the estimates were right: the mean expected_reached of the clients of the level that have one. NULL: no source said, or another cell.';
COMMENT ON COLUMN icp_potential_matrix.underestimated IS 'Those that bought more than was thought possible.';
COMMENT ON COLUMN icp_potential_matrix.stale IS 'Those whose estimate is older than stale_after.';
COMMENT ON COLUMN icp_potential_matrix.undated IS 'Those whose estimate has no date.';
COMMENT ON COLUMN icp_potential_matrix.without_owner IS 'Those for whose estimate nobody answers.';
COMMENT ON COLUMN icp_potential_matrix.verified IS 'Those whose estimate has a source; the others are unverified.';
COMMENT ON COLUMN icp_potential_matrix.currency IS 'Currency of the amounts; NULL: not said.';

CREATE VIEW icp_potential_unplaced AS
SELECT d.matrix, d.as_of, p.unplaced AS reason,
       CASE p.unplaced WHEN 'no_potential' THEN 'The potential is not known' WHEN 'zero_potential' THEN 'The potential is 0'
                       WHEN 'negative_potential' THEN 'The potential is negative' ELSE 'The purchases are not known' END AS title_en,
       CASE p.unplaced WHEN 'no_potential' THEN 'Потенциал неизвестен' WHEN 'zero_potential' THEN 'Потенциал равен 0'
                       WHEN 'negative_potential' THEN 'Потенциал отрицательный' ELSE 'Закупки неизвестны' END AS title_ru,
       pg_catalog.count(*) AS clients, coalesce(pg_catalog.sum(p.purchases), 0) AS purchases
FROM icp_potential_dates d JOIN icp_potential_placements p ON p.matrix = d.matrix AND p.as_of = d.as_of
WHERE d.latest AND p.unplaced IS NOT NULL GROUP BY d.matrix, d.as_of, p.unplaced;
ALTER VIEW icp_potential_unplaced OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_unplaced IS 'Why clients have no cell in the latest snapshot of each matrix, and how many.';
COMMENT ON COLUMN icp_potential_unplaced.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_unplaced.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_unplaced.reason IS 'no_potential, zero_potential, negative_potential or no_purchases.';
COMMENT ON COLUMN icp_potential_unplaced.title_en IS 'The reason in English.';
COMMENT ON COLUMN icp_potential_unplaced.title_ru IS 'The reason in Russian.';
COMMENT ON COLUMN icp_potential_unplaced.clients IS 'Clients and leads.';
COMMENT ON COLUMN icp_potential_unplaced.purchases IS 'What they bought in the year.';

CREATE VIEW icp_potential_quality AS
SELECT h.matrix, h.as_of, pg_catalog.sum(h.clients)::bigint AS clients, pg_catalog.sum(h.clients) FILTER (WHERE h.cell_no > 0)::bigint AS placed,
       (pg_catalog.sum(h.clients) FILTER (WHERE h.cell_no > 0) / nullif(pg_catalog.sum(h.clients), 0))::double precision AS placed_share,
       pg_catalog.sum(h.verified) FILTER (WHERE h.cell_no > 0)::bigint AS verified,
       (pg_catalog.sum(h.verified) FILTER (WHERE h.cell_no > 0) / nullif(pg_catalog.sum(h.clients), 0))::double precision AS placed_verified_share,
       pg_catalog.sum(h.clients - h.verified) FILTER (WHERE h.cell_no > 0)::bigint AS unverified,
       pg_catalog.sum(h.stale) FILTER (WHERE h.cell_no > 0)::bigint AS stale, pg_catalog.sum(h.undated) FILTER (WHERE h.cell_no > 0)::bigint AS undated,
       pg_catalog.sum(h.without_owner) FILTER (WHERE h.cell_no > 0)::bigint AS without_owner, pg_catalog.sum(h.underestimated)::bigint AS underestimated
FROM icp_potential_history h GROUP BY h.matrix, h.as_of ORDER BY h.matrix, h.as_of;
ALTER VIEW icp_potential_quality OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_quality IS 'How far a matrix can be trusted, snapshot by snapshot: the share of clients that are placed, and placed by an estimate with a source; estimates that are stale, have no date or no owner.';
COMMENT ON COLUMN icp_potential_quality.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_quality.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_quality.clients IS 'Clients and leads.';
COMMENT ON COLUMN icp_potential_quality.placed IS 'Those with a cell.';
COMMENT ON COLUMN icp_potential_quality.placed_share IS 'Their share of all, 0 to 1.';
COMMENT ON COLUMN icp_potential_quality.verified IS 'Placed by an estimate with a source.';
COMMENT ON COLUMN icp_potential_quality.placed_verified_share IS 'Their share of all, 0 to 1.';
COMMENT ON COLUMN icp_potential_quality.unverified IS 'Placed by an estimate without a source.';
COMMENT ON COLUMN icp_potential_quality.stale IS 'Placed by an estimate older than stale_after.';
COMMENT ON COLUMN icp_potential_quality.undated IS 'Placed by an estimate without a date.';
COMMENT ON COLUMN icp_potential_quality.without_owner IS 'Placed by an estimate for which nobody answers.';
COMMENT ON COLUMN icp_potential_quality.underestimated IS 'Those that bought more than was thought possible.';

CREATE VIEW icp_potential_clients AS
SELECT p.matrix, p.as_of, p.client_id, p.lead, p.cell, potential_cell_number(p.cell) AS cell_no,
       potential_cell_title(p.cell) AS title_en, potential_cell_title(p.cell, 'ru') AS title_ru, p.unplaced,
       p.potential, p.purchases, CASE WHEN p.cell IS NOT NULL THEN icp_unrealised(p.potential, p.purchases) END AS unrealised,
       n.amount AS next_amount, potential_cell(p.potential, p.purchases + n.amount, d.low, d.high, d.reached_from) AS next_cell,
       CASE WHEN p.cell IS NOT NULL THEN GREATEST(d.reached_from * p.potential - p.purchases, 0) END AS reach_amount,
       CASE WHEN p.cell < 'promising' THEN d.low - p.potential WHEN p.cell < 'capture_priority' THEN d.high - p.potential + 0.01 END AS next_level_amount,
       p.owner, p.updated_at, p.stale, p.underestimated, p.potential_source IS NOT NULL AS verified, p.potential_source, p.lead_source, p.campaign, d.currency
FROM icp_potential_dates d JOIN icp_potential_placements p ON p.matrix = d.matrix AND p.as_of = d.as_of
CROSS JOIN LATERAL (SELECT CASE (potential_cell_number(p.cell) + 2) % 3 WHEN 0 THEN 0.01 - p.purchases WHEN 1 THEN d.reached_from * p.potential - p.purchases END AS amount) n
WHERE d.latest;
ALTER VIEW icp_potential_clients OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_clients IS 'Each client and lead of the latest snapshot of each matrix: its cell, what it could still buy, and the amount that moves it one cell.';
COMMENT ON COLUMN icp_potential_clients.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_clients.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_clients.client_id IS 'The client, as text.';
COMMENT ON COLUMN icp_potential_clients.lead IS 'Whether it is a lead: not a client yet.';
COMMENT ON COLUMN icp_potential_clients.cell IS 'Its cell; NULL: unplaced.';
COMMENT ON COLUMN icp_potential_clients.cell_no IS 'Number of the cell, 1 to 9; NULL: unplaced.';
COMMENT ON COLUMN icp_potential_clients.title_en IS 'Title of the cell in English.';
COMMENT ON COLUMN icp_potential_clients.title_ru IS 'Title of the cell in Russian.';
COMMENT ON COLUMN icp_potential_clients.unplaced IS 'Why it has no cell: no_potential, zero_potential, negative_potential, no_purchases.';
COMMENT ON COLUMN icp_potential_clients.potential IS 'The most it could buy in a year.';
COMMENT ON COLUMN icp_potential_clients.purchases IS 'What it bought in the year, less returns.';
COMMENT ON COLUMN icp_potential_clients.unrealised IS 'What it could still buy (icp_unrealised); NULL: unplaced.';
COMMENT ON COLUMN icp_potential_clients.next_amount IS 'The further purchases in the year that move it one cell: from nothing bought to the smallest purchase (one hundredth, and what was returned in excess), from a part to reached_from of the potential. NULL: the potential is reached, or it is unplaced.';
COMMENT ON COLUMN icp_potential_clients.next_cell IS 'The cell that this amount moves it to.';
COMMENT ON COLUMN icp_potential_clients.reach_amount IS 'The further purchases that reach the potential, from whichever cell: 0 where it is reached.';
COMMENT ON COLUMN icp_potential_clients.next_level_amount IS 'By how much its potential would have to grow to be of the next level; NULL: it is high, or the client is unplaced.';
COMMENT ON COLUMN icp_potential_clients.owner IS 'Who answers for the estimate.';
COMMENT ON COLUMN icp_potential_clients.updated_at IS 'When the estimate was last updated.';
COMMENT ON COLUMN icp_potential_clients.stale IS 'Whether the estimate is older than stale_after; NULL: it has no date.';
COMMENT ON COLUMN icp_potential_clients.underestimated IS 'Whether it bought more than was thought possible.';
COMMENT ON COLUMN icp_potential_clients.verified IS 'Whether the estimate has a source.';
COMMENT ON COLUMN icp_potential_clients.potential_source IS 'That source.';
COMMENT ON COLUMN icp_potential_clients.lead_source IS 'Where the lead came from.';
COMMENT ON COLUMN icp_potential_clients.campaign IS 'The campaign it came by.';
COMMENT ON COLUMN icp_potential_clients.currency IS 'Currency of the amounts; NULL: not said.';

-- Ranked by what little that takes; only the 20 get their words.
CREATE VIEW icp_potential_pilot AS
SELECT c.matrix, c.as_of, r.rank::integer AS rank, c.client_id, c.cell_no, c.title_en, c.title_ru, c.potential, c.purchases, c.unrealised, c.next_amount, c.next_cell, c.reach_amount,
       c.owner, c.updated_at, c.stale, c.verified,
       (SELECT pg_catalog.string_agg(b.title_en, '; ' ORDER BY b.position, b.play) FROM icp_potential_playbook b WHERE b.cell = c.cell) AS plays_en,
       (SELECT pg_catalog.string_agg(b.title_ru, '; ' ORDER BY b.position, b.play) FROM icp_potential_playbook b WHERE b.cell = c.cell) AS plays_ru
FROM (SELECT d.matrix, t.client_id, pg_catalog.row_number() OVER (PARTITION BY d.matrix ORDER BY t.unrealised DESC, t.potential DESC, t.client_id) AS rank
      FROM icp_potential_dates d
      CROSS JOIN LATERAL (SELECT p.client_id, p.potential, icp_unrealised(p.potential, p.purchases) AS unrealised FROM icp_potential_placements p
                          WHERE p.matrix = d.matrix AND p.as_of = d.as_of AND p.cell IS NOT NULL AND NOT p.lead ORDER BY 3 DESC, 2 DESC, 1 LIMIT 20) t
      WHERE d.latest) r
JOIN icp_potential_clients c ON c.matrix = r.matrix AND c.client_id = r.client_id
ORDER BY c.matrix, r.rank;
ALTER VIEW icp_potential_pilot OWNER TO @extowner@;
COMMENT ON VIEW icp_potential_pilot IS 'Where to begin: the 20 clients with the most unrealised potential, by the latest snapshot of each matrix, without leads. Of equal ones the greater potential comes first, then client_id.';
COMMENT ON COLUMN icp_potential_pilot.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_potential_pilot.as_of IS 'Date of the snapshot.';
COMMENT ON COLUMN icp_potential_pilot.rank IS '1 to 20.';
COMMENT ON COLUMN icp_potential_pilot.client_id IS 'The client.';
COMMENT ON COLUMN icp_potential_pilot.cell_no IS 'Number of its cell.';
COMMENT ON COLUMN icp_potential_pilot.title_en IS 'Title of the cell in English.';
COMMENT ON COLUMN icp_potential_pilot.title_ru IS 'Title of the cell in Russian.';
COMMENT ON COLUMN icp_potential_pilot.potential IS 'The most it could buy in a year.';
COMMENT ON COLUMN icp_potential_pilot.purchases IS 'What it bought in the year.';
COMMENT ON COLUMN icp_potential_pilot.unrealised IS 'What it could still buy.';
COMMENT ON COLUMN icp_potential_pilot.next_amount IS 'The further purchases that move it one cell.';
COMMENT ON COLUMN icp_potential_pilot.next_cell IS 'The cell that they move it to.';
COMMENT ON COLUMN icp_potential_pilot.reach_amount IS 'The further purchases that reach the potential.';
COMMENT ON COLUMN icp_potential_pilot.owner IS 'Who answers for the estimate.';
COMMENT ON COLUMN icp_potential_pilot.updated_at IS 'When the estimate was last updated.';
COMMENT ON COLUMN icp_potential_pilot.stale IS 'Whether the estimate is stale.';
COMMENT ON COLUMN icp_potential_pilot.verified IS 'Whether the estimate has a source.';
COMMENT ON COLUMN icp_potential_pilot.plays_en IS 'What to do in its cell, in English.';
COMMENT ON COLUMN icp_potential_pilot.plays_ru IS 'What to do in its cell, in Russian.';

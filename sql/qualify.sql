-- Qualification: weights of events, priority by stage, interest and readiness, scenarios, tiers, handover notes.

CREATE TABLE icp_event_weights (
    field text COLLATE "C" NOT NULL CONSTRAINT icp_event_weights_field CHECK (field <> ''),
    event text COLLATE "C" NOT NULL CONSTRAINT icp_event_weights_event CHECK (event <> ''),
    weight double precision NOT NULL CONSTRAINT icp_event_weights_weight CHECK (weight BETWEEN -1e9 AND 1e9),
    qualifying boolean NOT NULL DEFAULT false,
    title_en text,
    title_ru text,
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_event_weights_pkey PRIMARY KEY (field, event, builtin));
ALTER TABLE icp_event_weights OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_event_weights', 'WHERE NOT builtin');
COMMENT ON TABLE icp_event_weights IS
'What each event says of a lead''s interest, by field of business; icp_events shows the rows in force. To add one, insert a row; to change a built-in one, insert a row of the same field and event, which then stands in its place. Built-in weights are a place to start: no research fixed them. They come with the extension and are not dumped.';
COMMENT ON COLUMN icp_event_weights.field IS 'Field of business: b2b, bank, ecommerce, education, finance, it, one of your own; events of general count in every field.';
COMMENT ON COLUMN icp_event_weights.event IS 'The event''s name, as your table of events has it.';
COMMENT ON COLUMN icp_event_weights.weight IS 'What it adds to the engagement when it happens; negative for what speaks against.';
COMMENT ON COLUMN icp_event_weights.qualifying IS 'Whether it makes a lead of a visitor. Who has none is unqualified and left out of conversion.';
COMMENT ON COLUMN icp_event_weights.title_en IS 'The event in English.';
COMMENT ON COLUMN icp_event_weights.title_ru IS 'The event in Russian.';
COMMENT ON COLUMN icp_event_weights.builtin IS 'Whether the row comes with the extension.';

INSERT INTO icp_event_weights (field, event, weight, qualifying, title_en, title_ru, builtin) VALUES
    ('general', 'page_visit', 1, false, 'Visited a page', 'Посетил страницу', true),
    ('general', 'click', 1, false, 'Clicked an advertisement', 'Перешёл по рекламе', true),
    ('general', 'email_open', 0.5, false, 'Opened an e-mail', 'Открыл письмо', true),
    ('general', 'email_click', 2, false, 'Followed a link in an e-mail', 'Перешёл по ссылке из письма', true),
    ('general', 'material_download', 4, false, 'Downloaded material', 'Скачал материал', true),
    ('general', 'form', 10, true, 'Filled in a form', 'Заполнил форму', true),
    ('general', 'call_request', 12, true, 'Asked to be called', 'Заказал звонок', true),
    ('general', 'unsubscribe', -10, false, 'Unsubscribed', 'Отписался', true),
    ('ecommerce', 'product_view', 1, false, 'Looked at a product', 'Смотрел товар', true),
    ('ecommerce', 'wishlist', 3, false, 'Put a product aside', 'Отложил товар', true),
    ('ecommerce', 'cart', 8, true, 'Filled a cart without an order', 'Корзина без заказа', true),
    ('ecommerce', 'checkout', 12, true, 'Began an order', 'Начал оформление заказа', true),
    ('b2b', 'price_list', 5, false, 'Downloaded a price list', 'Скачал прайс-лист', true),
    ('b2b', 'exhibition', 10, true, 'Contact at an exhibition', 'Контакт на выставке', true),
    ('b2b', 'request_form', 15, true, 'Sent a request', 'Отправил заявку', true),
    ('b2b', 'meeting', 20, true, 'Met us', 'Встреча', true),
    ('bank', 'calculator', 3, false, 'Used the loan calculator', 'Считал на кредитном калькуляторе', true),
    ('bank', 'branch_visit', 8, true, 'Came to a branch', 'Пришёл в отделение', true),
    ('bank', 'online_application', 20, true, 'Applied online', 'Онлайн-заявка', true),
    ('it', 'documentation', 2, false, 'Read the documentation', 'Читал документацию', true),
    ('it', 'pricing_page', 3, false, 'Looked at prices', 'Смотрел цены', true),
    ('it', 'integration_question', 10, true, 'Asked about an integration', 'Спросил об интеграции', true),
    ('it', 'trial', 15, true, 'Started a trial', 'Начал пробный период', true),
    ('it', 'demo_registration', 15, true, 'Registered for a demo', 'Записался на демо', true),
    ('education', 'programme', 3, false, 'Looked at the programme', 'Смотрел программу', true),
    ('education', 'open_lesson', 8, true, 'Came to an open lesson', 'Был на открытом занятии', true),
    ('education', 'consultation', 15, true, 'Asked for a consultation', 'Запросил консультацию', true),
    ('finance', 'calculator', 3, false, 'Used a calculator', 'Считал на калькуляторе', true),
    ('finance', 'questionnaire', 15, true, 'Filled in a questionnaire', 'Заполнил анкету', true),
    ('finance', 'consultation', 15, true, 'Asked for a consultation', 'Запросил консультацию', true);
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_event_weights
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('field', 'event');

CREATE VIEW icp_events AS
SELECT DISTINCT ON (f.field, w.event) f.field, w.event, w.weight, w.qualifying, w.title_en, w.title_ru
FROM (SELECT DISTINCT e.field FROM @extschema@.icp_event_weights e) f
JOIN @extschema@.icp_event_weights w ON w.field OPERATOR(pg_catalog.=) f.field OR w.field OPERATOR(pg_catalog.=) 'general'
ORDER BY f.field, w.event, w.field OPERATOR(pg_catalog.<>) f.field, w.builtin;
ALTER VIEW icp_events OWNER TO @extowner@;
COMMENT ON VIEW icp_events IS 'The weights of events in force: those of each field, else of general; your own rows before built-in ones.';
COMMENT ON COLUMN icp_events.field IS 'Field of business.';
COMMENT ON COLUMN icp_events.event IS 'The event''s name.';
COMMENT ON COLUMN icp_events.weight IS 'What it adds to the engagement.';
COMMENT ON COLUMN icp_events.qualifying IS 'Whether it makes a lead of a visitor.';
COMMENT ON COLUMN icp_events.title_en IS 'The event in English.';
COMMENT ON COLUMN icp_events.title_ru IS 'The event in Russian.';

CREATE FUNCTION icp_event_weight(event text, field text DEFAULT 'general') RETURNS double precision
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT e.weight FROM @extschema@.icp_events e
WHERE e.field OPERATOR(pg_catalog.=) icp_event_weight.field AND e.event OPERATOR(pg_catalog.=) icp_event_weight.event
$$;
COMMENT ON FUNCTION icp_event_weight(text, text) IS
'The weight in force of an event in a field of business; NULL where the field has none of that name. For many events join icp_events instead.';

CREATE FUNCTION icp_interest(engagement double precision, medium double precision DEFAULT 5, high double precision DEFAULT 15) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN 'NaN'::pg_catalog.float8 OPERATOR(pg_catalog.=) ANY (ARRAY[icp_interest.engagement, icp_interest.medium, icp_interest.high]) THEN NULL
            WHEN icp_interest.engagement OPERATOR(pg_catalog.>=) icp_interest.high THEN 'high'
            WHEN icp_interest.engagement OPERATOR(pg_catalog.>=) icp_interest.medium THEN 'medium'
            WHEN icp_interest.engagement IS NOT NULL THEN 'low' END
$$;
COMMENT ON FUNCTION icp_interest(double precision, double precision, double precision) IS
'Level of interest by engagement: low below medium, high from high on. A NULL engagement, or NaN in any argument: NULL.';

CREATE TABLE icp_priority_matrix (
    matrix text COLLATE "C" NOT NULL DEFAULT 'main',
    stage text COLLATE "C" NOT NULL,
    interest text COLLATE "C" NOT NULL,
    readiness text COLLATE "C" NOT NULL,
    priority text NOT NULL CONSTRAINT icp_priority_matrix_priority CHECK (priority NOT IN ('', 'unqualified')),
    priority_rank integer NOT NULL CONSTRAINT icp_priority_matrix_rank CHECK (priority_rank > 0),
    scenario text,
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_priority_matrix_pkey PRIMARY KEY (matrix, stage, interest, readiness, builtin));
ALTER TABLE icp_priority_matrix OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_priority_matrix', 'WHERE NOT builtin');
COMMENT ON TABLE icp_priority_matrix IS
'Priority of a lead by funnel stage, interest and readiness; icp_priorities shows the cells in force. To change a built-in cell, insert a row of the same matrix, stage, interest and readiness, which then stands in its place; rows of another matrix make one of your own, with any words. Built-in rows come with the extension and are not dumped.';
COMMENT ON COLUMN icp_priority_matrix.matrix IS 'Name of the matrix; main is the one meant where none is given.';
COMMENT ON COLUMN icp_priority_matrix.stage IS 'Stage of the funnel: awareness, consideration or decision in main.';
COMMENT ON COLUMN icp_priority_matrix.interest IS 'Level of interest: low, medium or high in main.';
COMMENT ON COLUMN icp_priority_matrix.readiness IS 'Readiness to buy: later, soon or now in main.';
COMMENT ON COLUMN icp_priority_matrix.priority IS 'The priority: high, normal or low in main.';
COMMENT ON COLUMN icp_priority_matrix.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priority_matrix.scenario IS 'What to do now: a key of icp_scenarios of the scope cell.';
COMMENT ON COLUMN icp_priority_matrix.builtin IS 'Whether the row comes with the extension.';

-- Stage and interest count one point a step, readiness two: 6 of 8 are high, 3 normal.
INSERT INTO icp_priority_matrix (stage, interest, readiness, priority, priority_rank, scenario, builtin)
SELECT s.key, i.key, r.key, p.priority, p.rank, p.scenario, true
FROM (VALUES ('awareness', 0), ('consideration', 1), ('decision', 2)) s (key, points),
     (VALUES ('low', 0), ('medium', 1), ('high', 2)) i (key, points),
     (VALUES ('later', 0), ('soon', 2), ('now', 4)) r (key, points),
     (VALUES ('high', 1, 'contact_now', 6, 8), ('normal', 2, 'develop', 3, 5), ('low', 3, 'nurture', 0, 2)) p (priority, rank, scenario, least, most)
WHERE s.points + i.points + r.points BETWEEN p.least AND p.most;
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_priority_matrix
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('matrix', 'stage', 'interest', 'readiness');

CREATE VIEW icp_priorities AS
SELECT DISTINCT ON (p.matrix, p.stage, p.interest, p.readiness) p.matrix, p.stage, p.interest, p.readiness, p.priority, p.priority_rank, p.scenario
FROM @extschema@.icp_priority_matrix p
ORDER BY p.matrix, p.stage, p.interest, p.readiness, p.builtin;
ALTER VIEW icp_priorities OWNER TO @extowner@;
COMMENT ON VIEW icp_priorities IS 'The cells of the priority matrices in force: your own rows before built-in ones.';
COMMENT ON COLUMN icp_priorities.matrix IS 'Name of the matrix.';
COMMENT ON COLUMN icp_priorities.stage IS 'Stage of the funnel.';
COMMENT ON COLUMN icp_priorities.interest IS 'Level of interest.';
COMMENT ON COLUMN icp_priorities.readiness IS 'Readiness to buy.';
COMMENT ON COLUMN icp_priorities.priority IS 'The priority.';
COMMENT ON COLUMN icp_priorities.priority_rank IS 'The priority as a number to sort by, 1 the most urgent.';
COMMENT ON COLUMN icp_priorities.scenario IS 'What to do now: a key of icp_scenarios of the scope cell.';

CREATE TYPE icp_lead_priority AS (priority text, priority_rank integer, scenario text);
COMMENT ON TYPE icp_lead_priority IS 'What the priority matrix says of a lead: result of icp_priority.';
COMMENT ON COLUMN icp_lead_priority.priority IS 'The priority of its cell; unqualified for a visitor without a qualifying event.';
COMMENT ON COLUMN icp_lead_priority.priority_rank IS 'The priority as a number to sort by, 1 the most urgent; NULL for unqualified, which is counted apart.';
COMMENT ON COLUMN icp_lead_priority.scenario IS 'What to do now: a key of icp_scenarios of the scope cell.';

CREATE FUNCTION icp_priority(stage text, interest text, readiness text, matrix text DEFAULT 'main', qualified boolean DEFAULT true) RETURNS icp_lead_priority
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    result @extschema@.icp_lead_priority;
BEGIN
    IF icp_priority.qualified IS NOT TRUE THEN
        RETURN ROW('unqualified', NULL, 'observe')::@extschema@.icp_lead_priority;
    END IF;
    IF icp_priority.stage IS NULL OR icp_priority.interest IS NULL OR icp_priority.readiness IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT p.priority, p.priority_rank, p.scenario INTO result FROM @extschema@.icp_priorities p
    WHERE p.matrix = icp_priority.matrix AND p.stage = icp_priority.stage AND p.interest = icp_priority.interest AND p.readiness = icp_priority.readiness;
    IF FOUND THEN
        RETURN result;
    END IF;
    PERFORM FROM @extschema@.icp_priorities p WHERE p.matrix = icp_priority.matrix;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('there is no priority matrix "%s"', icp_priority.matrix),
            HINT = 'Insert its cells into icp_priority_matrix.';
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('the priority matrix "%s" has no cell for stage "%s", interest "%s", readiness "%s"',
                         icp_priority.matrix, icp_priority.stage, icp_priority.interest, icp_priority.readiness),
        HINT = (SELECT format('Stages: %s; interest: %s; readiness: %s.', string_agg(DISTINCT p.stage, ', '), string_agg(DISTINCT p.interest, ', '), string_agg(DISTINCT p.readiness, ', '))
                FROM @extschema@.icp_priorities p WHERE p.matrix = icp_priority.matrix);
END
$$;
COMMENT ON FUNCTION icp_priority(text, text, text, text, boolean) IS
'Priority of a lead by the priority matrix. qualified says whether it had a qualifying event (icp_events); false or NULL: unqualified. A stage, interest or readiness that is NULL: NULL. A cell that the matrix lacks is an error (22023), a matrix that there is not 42704.';

CREATE TABLE icp_scenarios (
    scope text NOT NULL CONSTRAINT icp_scenarios_scope CHECK (scope IN ('cohort', 'grade', 'label', 'cell')),
    key text COLLATE "C" NOT NULL CONSTRAINT icp_scenarios_key CHECK (key <> ''),
    hours double precision CONSTRAINT icp_scenarios_hours CHECK (hours >= 0),
    title_en text,
    title_ru text,
    steps_en text,
    steps_ru text,
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_scenarios_pkey PRIMARY KEY (scope, key, builtin));
ALTER TABLE icp_scenarios OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_scenarios', 'WHERE NOT builtin');
COMMENT ON TABLE icp_scenarios IS
'What to do with a lead, and how many hours to expect: by cohort, label or grade, and by cell of the priority matrix. icp_scenario chooses. To change a built-in one, insert a row of the same scope and key, which then stands in its place. Built-in rows are a place to start; they come with the extension and are not dumped.';
COMMENT ON COLUMN icp_scenarios.scope IS 'What the key is: cohort (a key of icp_cohorts), label (of icp_score; or unqualified), grade (A, B, C), cell (the scenario of a cell of the priority matrix, or a cell of another matrix).';
COMMENT ON COLUMN icp_scenarios.key IS 'The cohort, label, grade or scenario of a cell.';
COMMENT ON COLUMN icp_scenarios.hours IS 'Hours to expect; of a cell: NULL leaves those of the cohort, label or grade.';
COMMENT ON COLUMN icp_scenarios.title_en IS 'The scenario in English.';
COMMENT ON COLUMN icp_scenarios.title_ru IS 'The scenario in Russian.';
COMMENT ON COLUMN icp_scenarios.steps_en IS 'Its steps in English.';
COMMENT ON COLUMN icp_scenarios.steps_ru IS 'Its steps in Russian.';
COMMENT ON COLUMN icp_scenarios.builtin IS 'Whether the row comes with the extension.';

INSERT INTO icp_scenarios (scope, key, hours, title_en, title_ru, steps_en, steps_ru, builtin) VALUES
    ('label', 'gold', 8, 'Personal work', 'Личная работа', 'The best free manager calls today, meets the decision-maker, prepares an individual offer.',
     'Лучший свободный менеджер звонит сегодня, встречается с ЛПР, готовит индивидуальное предложение.', true),
    ('label', 'ordinary', 3, 'Standard sale', 'Обычная продажа', 'A manager calls within two days and leads through the standard steps.',
     'Менеджер звонит в течение двух дней и ведёт по стандартным шагам.', true),
    ('label', 'non_target', 0.25, 'Automatic funnel', 'Автоматическая воронка', 'Automatic letters at minimal cost, or an honest refusal; no manager''s time.',
     'Автоматические письма с минимальными затратами или честный отказ; время менеджера не тратить.', true),
    ('label', 'unknown', 0.5, 'Find out', 'Уточнить', 'A short call asks what is not known, then the lead is scored again.',
     'Короткий звонок выясняет неизвестное, затем лид оценивается снова.', true),
    ('label', 'unqualified', 0, 'Watch', 'Наблюдать', 'No contact: content and remarketing until a qualifying event.',
     'Без контакта: контент и ремаркетинг до квалифицирующего события.', true),
    ('grade', 'A', 8, 'Personal work', 'Личная работа', 'The best managers, maximum resources.', 'Лучшие менеджеры, максимум ресурсов.', true),
    ('grade', 'B', 3, 'Standard sale', 'Обычная продажа', 'Standard steps; more effort or less income than A.', 'Стандартные шаги; больше усилий или меньше дохода, чем у A.', true),
    ('grade', 'C', 0.25, 'Automatic funnel', 'Автоматическая воронка', 'Automation at minimal cost, or an honest refusal.', 'Автоматизация с минимальными затратами или честный отказ.', true),
    ('cell', 'contact_now', NULL, 'Contact now', 'Связаться сейчас', 'Call within the hour.', 'Позвонить в течение часа.', true),
    ('cell', 'develop', NULL, 'Develop', 'Развивать', 'Call this week, send a case of the same kind.', 'Позвонить на этой неделе, отправить похожий кейс.', true),
    ('cell', 'nurture', NULL, 'Nurture', 'Подогревать', 'Useful letters; look again in a month.', 'Полезные письма; вернуться через месяц.', true),
    ('cell', 'observe', NULL, 'Observe', 'Наблюдать', 'Nothing until a qualifying event.', 'Ничего до квалифицирующего события.', true);
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_scenarios
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('scope', 'key');

CREATE TYPE icp_scenario_choice AS (scope text, key text, hours double precision, title text, steps text, pace text);
COMMENT ON TYPE icp_scenario_choice IS 'What to do with a lead: result of icp_scenario.';
COMMENT ON COLUMN icp_scenario_choice.scope IS 'What chose the scenario: cohort, label or grade; NULL where none of them has one.';
COMMENT ON COLUMN icp_scenario_choice.key IS 'The cohort, label or grade that it is of.';
COMMENT ON COLUMN icp_scenario_choice.hours IS 'Hours to expect: those of the cell where it has any.';
COMMENT ON COLUMN icp_scenario_choice.title IS 'The scenario in words.';
COMMENT ON COLUMN icp_scenario_choice.steps IS 'Its steps.';
COMMENT ON COLUMN icp_scenario_choice.pace IS 'What the cell of the priority matrix adds: when to act.';

CREATE FUNCTION icp_language(language text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_language(text) IS 'en or ru; another language is an error (22023).';

CREATE FUNCTION icp_scenario(cohort text DEFAULT NULL, grade text DEFAULT NULL, label text DEFAULT NULL, cell text DEFAULT NULL, language text DEFAULT 'en')
RETURNS icp_scenario_choice
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ru CONSTANT boolean := @extschema@.icp_language(coalesce(icp_scenario.language, 'en')) = 'ru';
    result @extschema@.icp_scenario_choice;
    at @extschema@.icp_scenarios;
BEGIN
    SELECT s.scope, s.key, s.hours, CASE WHEN ru THEN coalesce(s.title_ru, s.title_en) ELSE coalesce(s.title_en, s.title_ru) END,
           CASE WHEN ru THEN coalesce(s.steps_ru, s.steps_en) ELSE coalesce(s.steps_en, s.steps_ru) END, NULL INTO result
    FROM @extschema@.icp_scenarios s
    WHERE (s.scope, s.key) IN (('cohort', icp_scenario.cohort), ('label', icp_scenario.label), ('grade', icp_scenario.grade))
    -- What vetoes a label, or leaves it open, stands before the cohort.
    ORDER BY s.scope = 'label' AND s.key IN ('non_target', 'unknown', 'unqualified') DESC,
             array_position(ARRAY['cohort', 'label', 'grade'], s.scope), s.builtin
    LIMIT 1;
    SELECT s.* INTO at FROM @extschema@.icp_scenarios s WHERE s.scope = 'cell' AND s.key = icp_scenario.cell ORDER BY s.builtin LIMIT 1;
    -- However hot it is, whom not to sell to is not called.
    IF FOUND AND coalesce(icp_scenario.label, '') NOT IN ('non_target', 'unqualified') THEN
        result.hours := coalesce(at.hours, result.hours);
        result.pace := concat_ws(': ', CASE WHEN ru THEN coalesce(at.title_ru, at.title_en) ELSE coalesce(at.title_en, at.title_ru) END,
                                 CASE WHEN ru THEN coalesce(at.steps_ru, at.steps_en) ELSE coalesce(at.steps_en, at.steps_ru) END);
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION icp_scenario(text, text, text, text, text) IS
'What to do with a lead of this cohort, grade and label (of icp_score) and this cell (the scenario of icp_priority). The scenario of the labels non_target, unknown and unqualified stands before all, then that of the cohort, of the label, of the grade; the cell adds its pace, and its hours where it has any, but not to non_target and unqualified. language (en, ru) is that of words.';

CREATE FUNCTION icp_tier(fit double precision, shares double precision[] DEFAULT NULL, cuts double precision[] DEFAULT NULL) RETURNS integer
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_tier(double precision, double precision[], double precision[]) IS
'Window function: the tier of a target account, 1 the best, by how well it fits. shares: per cent of the rows of the partition that each tier takes, in total 100; NULL: 10, 20, 30, 40. Rows of equal fit always get one tier, that in which the middle of their places lies, so a tier can be larger or smaller than its share, and the order of the rows never decides. cuts instead: the least fit of each tier but the last, falling. NULL or NaN: NULL, and not counted. Both are read in the first row.';

CREATE FUNCTION icp_handover_text(score icp_lead_score, parts icp_explanation[], ask text[], title text, engagement double precision, potential numeric, done text[], cell text, language text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ru CONSTANT boolean := @extschema@.icp_language(coalesce(icp_handover_text.language, 'en')) = 'ru';
    s ALIAS FOR score;
    next_step @extschema@.icp_scenario_choice := @extschema@.icp_scenario((score).cohort, (score).grade, (score).label, icp_handover_text.cell, icp_handover_text.language);
    labels CONSTANT jsonb := '{"gold": "золотой", "ordinary": "обычный", "non_target": "нецелевой", "unknown": "неизвестный", "high": "высокий", "normal": "обычный", "low": "низкий"}';
    likes text;
    differs text;
BEGIN
    IF score IS NULL THEN
        RETURN NULL;
    END IF;
    WITH p AS (SELECT e.* FROM unnest(icp_handover_text.parts) e WHERE e.score = 'similarity' AND e.feature <> '' AND (s.cohort IS NULL OR e.cohort = s.cohort)),
         known AS (SELECT p.feature || ' ' || trim(p.value) AS has, p.usual, p.points >= p.weight / 2 AS met, p.weight, p.feature FROM p WHERE p.weight > 0)
    SELECT (SELECT string_agg(k.has, ', ' ORDER BY k.weight DESC, k.feature COLLATE "C") FROM known k WHERE k.met),
           (SELECT string_agg(format(CASE WHEN ru THEN '%s (обычно %s)' ELSE '%s (usual: %s)' END, k.has, k.usual), ', ' ORDER BY k.weight DESC, k.feature COLLATE "C") FROM known k WHERE NOT k.met)
    INTO likes, differs;
    RETURN concat_ws(E'\n',
        CASE WHEN ru THEN 'Кто: ' ELSE 'Who: ' END || concat_ws('; ',
            coalesce(coalesce(icp_handover_text.title, s.cohort) || coalesce(CASE WHEN ru THEN ', оценка ' ELSE ', grade ' END || s.grade, ''), CASE WHEN ru THEN 'не похож ни на одну когорту' ELSE 'like no cohort' END),
            format(CASE WHEN ru THEN 'метка %s, приоритет %s' ELSE 'label %s, priority %s' END, CASE WHEN ru THEN coalesce(labels ->> s.label, s.label) ELSE s.label END,
                   CASE WHEN ru THEN coalesce(labels ->> s.priority, s.priority) ELSE s.priority END),
            CASE WHEN ru THEN 'сходство ' ELSE 'similarity ' END || round((100 * s.similarity)::numeric) || ' %',
            CASE WHEN ru THEN 'известно ' ELSE 'known ' END || round((100 * s.coverage)::numeric) || ' %'),
        CASE WHEN ru THEN 'Исключение: ' ELSE 'Exclusion: ' END || s.exclusion,
        CASE WHEN ru THEN 'Похож: ' ELSE 'Fits by: ' END || likes,
        CASE WHEN ru THEN 'Отличается: ' ELSE 'Differs by: ' END || differs,
        CASE WHEN ru THEN 'Спросить: ' ELSE 'To ask: ' END || array_to_string(icp_handover_text.ask, ', '),
        CASE WHEN ru THEN 'Потенциал: ' ELSE 'Potential: ' END || nullif(concat_ws('; ',
            CASE WHEN s.win_probability IS NOT NULL THEN format(CASE WHEN ru THEN 'вероятность сделки %s %%' ELSE 'chance to win %s %%' END, round((100 * s.win_probability)::numeric)) END,
            CASE WHEN ru THEN 'ожидаемое качество сделки ' ELSE 'expected deal quality ' END || round(s.expected_dqs::numeric),
            trim_scale(icp_handover_text.potential) || CASE WHEN ru THEN ' в год' ELSE ' a year' END), ''),
        CASE WHEN ru THEN 'Вовлечённость: ' ELSE 'Engagement: ' END || round(icp_handover_text.engagement::numeric, 1)
            || format(' (%s)', CASE @extschema@.icp_interest(icp_handover_text.engagement) WHEN 'high' THEN CASE WHEN ru THEN 'высокая' ELSE 'high' END
                                    WHEN 'medium' THEN CASE WHEN ru THEN 'средняя' ELSE 'medium' END ELSE CASE WHEN ru THEN 'низкая' ELSE 'low' END END),
        CASE WHEN ru THEN 'Уже сделано: ' ELSE 'Already done: ' END || coalesce(nullif(array_to_string(icp_handover_text.done, '; '), ''), CASE WHEN ru THEN 'ничего не записано' ELSE 'nothing recorded' END),
        CASE WHEN ru THEN 'Что делать: ' ELSE 'Next: ' END || nullif(concat_ws(' ', next_step.title || coalesce(', ' || next_step.hours || CASE WHEN ru THEN ' ч.' ELSE ' h.' END, '.'),
            next_step.steps, next_step.pace), ''));
END
$$;
COMMENT ON FUNCTION icp_handover_text(icp_lead_score, icp_explanation[], text[], text, double precision, numeric, text[], text, text) IS
'The words of icp_handover_note, of a score, its explanation, and what to ask.';

CREATE FUNCTION icp_handover_note(lead record, model text DEFAULT '', engagement double precision DEFAULT NULL, potential numeric DEFAULT NULL,
    done text[] DEFAULT NULL, cell text DEFAULT NULL, language text DEFAULT 'en')
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF icp_handover_note.model IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = 'the name of the model is NULL',
            HINT = 'Leave the argument out to mean the registered default, or give the name of a model.';
    END IF;
    RETURN @extschema@.icp_handover_note(icp_handover_note.lead, @extschema@.icp_load(icp_handover_note.model), icp_handover_note.engagement,
        icp_handover_note.potential, icp_handover_note.done, icp_handover_note.cell, icp_handover_note.language);
END
$$;
COMMENT ON FUNCTION icp_handover_note(record, text, double precision, numeric, text[], text, text) IS
'What a marketer hands to a manager, in words: who the lead is (cohort, label, what fits and what differs), what to ask, its potential (win_probability, expected_dqs, the amount a year given as potential), its engagement (a figure of icp_engagement_at), what was already done (a list of your own), and the scenario of icp_scenario with the pace of cell (the scenario of icp_priority). What is NULL is not mentioned. language (en, ru). NULL for a NULL row. The model is a name, or left out: the default; the row and errors as in icp_score.';

CREATE FUNCTION icp_handover_note(lead record, model icp_model, engagement double precision DEFAULT NULL, potential numeric DEFAULT NULL,
    done text[] DEFAULT NULL, cell text DEFAULT NULL, language text DEFAULT 'en')
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    words CONSTANT text := coalesce(icp_handover_note.language, 'en');
BEGIN
    RETURN (SELECT @extschema@.icp_handover_text(s, (SELECT array_agg(e) FROM @extschema@.icp_explain(icp_handover_note.lead, icp_handover_note.model, words) e),
                (SELECT array_agg(q.feature ORDER BY q.rank) FROM @extschema@.icp_next_question(icp_handover_note.lead, icp_handover_note.model, words) q WHERE q.rank <= 5),
                (SELECT c.title FROM @extschema@.icp_cohorts(icp_handover_note.model, words) c WHERE c.cohort = s.cohort),
                icp_handover_note.engagement, icp_handover_note.potential, icp_handover_note.done, icp_handover_note.cell, words)
            FROM @extschema@.icp_score(icp_handover_note.lead, icp_handover_note.model) s);
END
$$;
COMMENT ON FUNCTION icp_handover_note(record, icp_model, double precision, numeric, text[], text, text) IS
'What a marketer hands to a manager, in words: who the lead is (cohort, label, what fits and what differs), what to ask, its potential (win_probability, expected_dqs, the amount a year given as potential), its engagement (a figure of icp_engagement_at), what was already done (a list of your own), and the scenario of icp_scenario with the pace of cell (the scenario of icp_priority). What is NULL is not mentioned. language (en, ru). NULL for a NULL row. The model is a value; the row and errors as in icp_score.';

CREATE FUNCTION icp_handover_note(lead jsonb, model text DEFAULT '', engagement double precision DEFAULT NULL, potential numeric DEFAULT NULL,
    done text[] DEFAULT NULL, cell text DEFAULT NULL, language text DEFAULT 'en')
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF icp_handover_note.model IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = 'the name of the model is NULL',
            HINT = 'Leave the argument out to mean the registered default, or give the name of a model.';
    END IF;
    RETURN @extschema@.icp_handover_note(icp_handover_note.lead, @extschema@.icp_load(icp_handover_note.model), icp_handover_note.engagement,
        icp_handover_note.potential, icp_handover_note.done, icp_handover_note.cell, icp_handover_note.language);
END
$$;
COMMENT ON FUNCTION icp_handover_note(jsonb, text, double precision, numeric, text[], text, text) IS
'What a marketer hands to a manager, in words: who the lead is (cohort, label, what fits and what differs), what to ask, its potential (win_probability, expected_dqs, the amount a year given as potential), its engagement (a figure of icp_engagement_at), what was already done (a list of your own), and the scenario of icp_scenario with the pace of cell (the scenario of icp_priority). What is NULL is not mentioned. language (en, ru). NULL for a NULL row. The model is a name, or left out: the default; the row and errors as in icp_score.';

CREATE FUNCTION icp_handover_note(lead jsonb, model icp_model, engagement double precision DEFAULT NULL, potential numeric DEFAULT NULL,
    done text[] DEFAULT NULL, cell text DEFAULT NULL, language text DEFAULT 'en')
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    words CONSTANT text := coalesce(icp_handover_note.language, 'en');
BEGIN
    RETURN (SELECT @extschema@.icp_handover_text(s, (SELECT array_agg(e) FROM @extschema@.icp_explain(icp_handover_note.lead, icp_handover_note.model, words) e),
                (SELECT array_agg(q.feature ORDER BY q.rank) FROM @extschema@.icp_next_question(icp_handover_note.lead, icp_handover_note.model, words) q WHERE q.rank <= 5),
                (SELECT c.title FROM @extschema@.icp_cohorts(icp_handover_note.model, words) c WHERE c.cohort = s.cohort),
                icp_handover_note.engagement, icp_handover_note.potential, icp_handover_note.done, icp_handover_note.cell, words)
            FROM @extschema@.icp_score(icp_handover_note.lead, icp_handover_note.model) s);
END
$$;
COMMENT ON FUNCTION icp_handover_note(jsonb, icp_model, double precision, numeric, text[], text, text) IS
'What a marketer hands to a manager, in words: who the lead is (cohort, label, what fits and what differs), what to ask, its potential (win_probability, expected_dqs, the amount a year given as potential), its engagement (a figure of icp_engagement_at), what was already done (a list of your own), and the scenario of icp_scenario with the pace of cell (the scenario of icp_priority). What is NULL is not mentioned. language (en, ru). NULL for a NULL row. The model is a value; the row and errors as in icp_score.';

-- Anti-ICP: segments in which deals are lost, loss reasons, exclusions.

CREATE TABLE icp_loss_reasons (
    code text COLLATE "C" NOT NULL CONSTRAINT icp_loss_reasons_code CHECK (code <> ''),
    title_en text,
    title_ru text,
    matches text[] NOT NULL DEFAULT '{}',
    builtin boolean NOT NULL DEFAULT false,
    CONSTRAINT icp_loss_reasons_pkey PRIMARY KEY (code, builtin));
ALTER TABLE icp_loss_reasons OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_loss_reasons', 'WHERE NOT builtin');
COMMENT ON TABLE icp_loss_reasons IS
'Reasons for losing a deal and how people write them. icp_train copies them into the options of a model. To add one, insert a row; to change a built-in one, insert a row of the same code, which then stands in its place (an empty matches takes its spellings away). Built-in rows come with the extension and are not dumped.';
COMMENT ON COLUMN icp_loss_reasons.code IS 'The reason''s name in results, whatever the language; matches itself.';
COMMENT ON COLUMN icp_loss_reasons.title_en IS 'Its title in English; matches too.';
COMMENT ON COLUMN icp_loss_reasons.title_ru IS 'Its title in Russian; matches too.';
COMMENT ON COLUMN icp_loss_reasons.matches IS 'Other spellings in the column of the role loss_reason, compared without regard to case, to space around them, and to whether words are parted by spaces, _ or -.';
COMMENT ON COLUMN icp_loss_reasons.builtin IS 'Whether the row comes with the extension.';

INSERT INTO icp_loss_reasons (code, title_en, title_ru, matches, builtin) VALUES
    ('too_expensive', 'Too expensive', 'Дорого',
     '{expensive,price,high price,"price too high","price is too high",cost,costs,"too costly","слишком дорого",цена,"высокая цена","не устроила цена","дорогая цена"}', true),
    ('competitor', 'Chose a competitor', 'Выбрали конкурента',
     '{competition,"lost to competitor","lost to a competitor","chose competitor","competitor chosen","went with competitor",конкурент,конкуренты,"ушли к конкуренту","ушёл к конкуренту","ушел к конкуренту","выбрал конкурента","купили у конкурента"}', true),
    ('no_budget', 'No budget', 'Нет бюджета',
     '{budget,"no money","lack of budget","budget cut","budget cuts","budget frozen",бюджет,"нет денег","бюджет не выделен","бюджет заморожен","бюджет сократили"}', true),
    ('tender', 'Tender', 'Тендер',
     '{tenders,"tender procedure","tender procedures","lost tender","tender lost",rfp,procurement,"public procurement",тендеры,"проиграли тендер","тендерные процедуры","тендерная процедура",конкурс,госзакупки,закупки,"44 фз","223 фз"}', true),
    ('no_decision', 'No decision', 'Решение не принято',
     '{"no decision made",undecided,"status quo","project cancelled","project canceled",cancelled,canceled,"do nothing","нет решения","не приняли решение","остались как есть","проект отменён","проект отменен",отмена}', true),
    ('timing', 'Wrong time', 'Не вовремя',
     '{"bad timing","not now",later,postponed,"on hold","too early","не сейчас",отложили,отложено,позже,"не актуально",неактуально,"нет срочности"}', true),
    ('product_fit', 'Product does not fit', 'Продукт не подошёл',
     '{"not a fit","no fit","bad fit","poor fit","does not fit","missing features","missing feature","lack of features",functionality,features,"не подошёл","не подошел","продукт не подошел","не хватает функций","нет нужной функции","нет функционала",функционал,"не подходит"}', true),
    ('no_response', 'No response', 'Нет ответа',
     '{"no answer","no reply",unresponsive,"went silent",ghosted,"lost contact",unreachable,"не отвечает","не отвечают","пропал","пропали","пропала связь","не вышли на связь","нет связи",недозвон}', true),
    ('no_authority', 'No access to the decision-maker', 'Нет выхода на ЛПР',
     '{"no decision maker","no decision-maker","no authority","wrong contact","нет лпр","не вышли на лпр","не тот контакт"}', true),
    ('unqualified', 'Not a target customer', 'Нецелевой',
     '{"not qualified",disqualified,"no need","not interested",spam,duplicate,"нецелевой клиент","нет потребности","не интересно","не заинтересованы",спам,дубль}', true),
    ('other', 'Other', 'Другое', '{misc,miscellaneous,unknown,"n/a",прочее,иное,неизвестно}', true);

CREATE FUNCTION icp_keep_builtin() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.builtin OR TG_OP <> 'DELETE' AND NEW.builtin THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('the built-in row "%s" cannot be changed', (
                SELECT string_agg(to_jsonb(CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END) ->> k, ', ') FROM unnest(TG_ARGV) k)),
            HINT = format('Insert a row of the same %s with builtin false: it stands in its place and is dumped.', array_to_string(TG_ARGV, ', '));
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION icp_keep_builtin() IS
'Trigger function: rows that come with the extension stay as they are, since changes of them would not be dumped. Its arguments are the columns that name a row.';
CREATE TRIGGER icp_keep_builtin BEFORE INSERT OR UPDATE OR DELETE ON icp_loss_reasons
FOR EACH ROW EXECUTE FUNCTION icp_keep_builtin('code');

CREATE FUNCTION icp_loss_reason_options(options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A training works without the table; icp_train then says so.
    IF NOT has_table_privilege('@extschema@.icp_loss_reasons'::regclass, 'SELECT') THEN
        RETURN icp_loss_reason_options.options;
    END IF;
    RETURN @extschema@.icp_merge_options(
        (SELECT jsonb_build_object('loss_reasons', jsonb_object_agg(r.code, jsonb_strip_nulls(
             jsonb_build_object('en', r.title_en, 'ru', r.title_ru, 'matches', to_jsonb(array_remove(r.matches, NULL))))))
         FROM (SELECT DISTINCT ON (l.code) l.* FROM @extschema@.icp_loss_reasons l ORDER BY l.code, l.builtin) r),
        icp_loss_reason_options.options);
END
$$;
COMMENT ON FUNCTION icp_loss_reason_options(jsonb) IS
'Options with the rows of icp_loss_reasons as their loss_reasons, under those given; as they are where the caller may not read the table.';

CREATE VIEW icp_exclusion_templates AS
SELECT * FROM (VALUES
    ('low_readiness', 'Low technological readiness', 'Низкая технологическая готовность', 'readiness < 5', '{readiness}'::text[],
     'Readiness on a scale of your own, such as digital maturity of 15 points, while the product asks for much.',
     'Готовность по вашей шкале, например цифровая зрелость из 15 баллов, при высоких требованиях продукта.'),
    ('decision_speed', 'Decides too slowly or too fast for our cycle', 'Скорость решений не совпадает с нашим циклом',
     'not decision_days between 7 and 90', '{decision_days}',
     'Days the customer takes to decide; put the bounds where your cycle of won deals ends (icp_cohorts: cycle).',
     'Сколько дней клиент принимает решение; границы возьмите по циклу выигранных сделок (icp_cohorts: cycle).'),
    ('expectation_gap', 'Critical gap between expectations and product', 'Критический разрыв ожиданий и продукта', 'expectation_gap >= 4', '{expectation_gap}',
     'How far what is expected lies from what the product does, 1 to 5, as the seller notes it on the first call.',
     'Насколько ожидания расходятся с возможностями продукта, 1–5, по записи продавца после первого разговора.'),
    ('culture', 'Incompatible corporate culture', 'Несовместимая корпоративная культура', 'culture_fit <= 2', '{culture_fit}',
     'How well the ways of working go together, 1 to 5, as the seller notes it.',
     'Насколько совместимы способы работы, 1–5, по записи продавца.'))
    AS t (code, title_en, title_ru, condition, condition_columns, note_en, note_ru);
ALTER VIEW icp_exclusion_templates OWNER TO @extowner@;
COMMENT ON VIEW icp_exclusion_templates IS 'The four usual reasons to exclude a customer who fits on paper, as conditions for the option exclusions. Put your own columns and bounds in.';
COMMENT ON COLUMN icp_exclusion_templates.code IS 'Name of the exclusion.';
COMMENT ON COLUMN icp_exclusion_templates.title_en IS 'What it excludes, in English.';
COMMENT ON COLUMN icp_exclusion_templates.title_ru IS 'What it excludes, in Russian.';
COMMENT ON COLUMN icp_exclusion_templates.condition IS 'The condition; leads that satisfy it are non_target.';
COMMENT ON COLUMN icp_exclusion_templates.condition_columns IS 'The columns of leads that it looks at.';
COMMENT ON COLUMN icp_exclusion_templates.note_en IS 'What to measure, in English.';
COMMENT ON COLUMN icp_exclusion_templates.note_ru IS 'What to measure, in Russian.';

CREATE TYPE icp_anti_segment AS (
    segment text, predicate text, n bigint, won bigint, win_rate double precision, win_rate_lo double precision, win_rate_hi double precision,
    main_reason text, main_reason_title text, main_reason_share double precision, lost_stage text, lost_stage_share double precision,
    hours double precision, hours_per_win double precision, cost double precision, verdict text,
    n_companies bigint, kind text, black_hole_probability double precision, p_adjusted double precision,
    holdout_n bigint, holdout_win_rate double precision, without_reason bigint,
    hours_share double precision, hours_known double precision, hours_per_loss double precision, meetings_per_loss double precision,
    cost_per_loss double precision, expected_value double precision, expected_value_lo double precision, expected_value_hi double precision);
COMMENT ON TYPE icp_anti_segment IS 'A segment in which deals are lost: result of icp_anti_icp.';
COMMENT ON COLUMN icp_anti_segment.segment IS 'The segment in words.';
COMMENT ON COLUMN icp_anti_segment.predicate IS 'The segment as SQL; among the closed deals of the deals view it holds for n rows.';
COMMENT ON COLUMN icp_anti_segment.n IS 'Closed deals.';
COMMENT ON COLUMN icp_anti_segment.won IS 'Won deals among them.';
COMMENT ON COLUMN icp_anti_segment.win_rate IS 'Won among the mature ones, 0 to 1. For a rule it flatters: these deals chose the rule.';
COMMENT ON COLUMN icp_anti_segment.win_rate_lo IS 'Lower end of its 95 % interval, by companies; of a rule, from the deals held out.';
COMMENT ON COLUMN icp_anti_segment.win_rate_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_anti_segment.main_reason IS 'The most frequent reason of its lost deals: a code of icp_loss_reasons, or the text itself.';
COMMENT ON COLUMN icp_anti_segment.main_reason_title IS 'That reason in words.';
COMMENT ON COLUMN icp_anti_segment.main_reason_share IS 'Share of that reason among the lost deals of the segment, 0 to 1.';
COMMENT ON COLUMN icp_anti_segment.lost_stage IS 'The stage at which most of its lost deals were lost.';
COMMENT ON COLUMN icp_anti_segment.lost_stage_share IS 'Share of that stage among the lost deals of the segment, 0 to 1.';
COMMENT ON COLUMN icp_anti_segment.hours IS 'Hours spent on its closed deals: the role hours, else effort where that is in hours, else touches times anti_icp.hours_per_touch; NULL where none is known.';
COMMENT ON COLUMN icp_anti_segment.hours_per_win IS 'hours divided by won; NULL where none was won.';
COMMENT ON COLUMN icp_anti_segment.cost IS 'hours times hour_cost, or touches times touch_cost; NULL without these options.';
COMMENT ON COLUMN icp_anti_segment.verdict IS 'black_hole, black_hole_suspected, at_limit, drops_after_ and a stage, or NULL. Only black_hole vetoes a lead''s label.';
COMMENT ON COLUMN icp_anti_segment.n_companies IS 'Companies of the n deals: the independent units of every probability and interval.';
COMMENT ON COLUMN icp_anti_segment.kind IS 'vocabulary: a category, boolean, item or fifth of a number, there whatever the outcomes are; rule: chosen by the outcomes.';
COMMENT ON COLUMN icp_anti_segment.black_hole_probability IS 'Probability that the true win rate is at most the limit anti_icp.win_rate (Jeffreys); of a rule, from the deals held out.';
COMMENT ON COLUMN icp_anti_segment.p_adjusted IS 'Probability of so low a win rate anywhere in the search where there is nothing to find.';
COMMENT ON COLUMN icp_anti_segment.holdout_n IS 'Mature deals that did not choose the rule; NULL for a segment of the vocabulary.';
COMMENT ON COLUMN icp_anti_segment.holdout_win_rate IS 'Won among them: the honest figure of a rule.';
COMMENT ON COLUMN icp_anti_segment.without_reason IS 'Lost deals without a reason.';
COMMENT ON COLUMN icp_anti_segment.hours_share IS 'Share of the hours of all closed deals, 0 to 1. Segments overlap; those of one attribute and the rest add up to 1.';
COMMENT ON COLUMN icp_anti_segment.hours_known IS 'Share of the n deals whose hours are known, 0 to 1.';
COMMENT ON COLUMN icp_anti_segment.hours_per_loss IS 'Hours that a lost deal cost on average.';
COMMENT ON COLUMN icp_anti_segment.meetings_per_loss IS 'Meetings that a lost deal cost on average.';
COMMENT ON COLUMN icp_anti_segment.cost_per_loss IS 'Money that a lost deal cost on average; NULL without hour_cost or touch_cost.';
COMMENT ON COLUMN icp_anti_segment.expected_value IS 'What pursuing a deal is worth: win rate times LTV times margin, less the cost of a deal; NULL without margin and hour_cost or touch_cost. With fewer than five customers of known LTV, that of all customers is taken.';
COMMENT ON COLUMN icp_anti_segment.expected_value_lo IS 'Lower bound, from the 95 % intervals of the parts.';
COMMENT ON COLUMN icp_anti_segment.expected_value_hi IS 'Upper bound.';

CREATE FUNCTION icp_anti_icp(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_anti_segment
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_anti_icp_value';
COMMENT ON FUNCTION icp_anti_icp(icp_model, text) IS 'Segments in which deals are lost, with reasons, stages, hours and a verdict, those most in need of attention first. language (en, ru) is that of words.';
CREATE FUNCTION icp_anti_icp(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_anti_segment
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_anti_icp_name';
COMMENT ON FUNCTION icp_anti_icp(text, text) IS 'Segments in which deals are lost, of a registered model: a name as icp_load takes it; NULL or empty: the default.';

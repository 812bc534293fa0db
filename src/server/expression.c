/*
 * expression.c
 *		Expressions over the columns of a table that a user writes as text, such
 *		as those of blocking rules.
 *
 * They end up inside queries, so that nothing but an expression may pass: no
 * comment, which could swallow what follows, no subquery, no qualified column.
 * What is volatile is refused too: a rule must give the same key again, and a
 * model that comes from elsewhere must not act.
 */
#include "patternos.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#define MAX_EXPRESSION_LENGTH 10000

PG_FUNCTION_INFO_V1(patternos_split_expressions);
PG_FUNCTION_INFO_V1(patternos_expression_columns);
PG_FUNCTION_INFO_V1(patternos_expression_types);

static void
refuse(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s is not allowed in a list of expressions", what),
			 errhint("Write expressions over the table's columns, separated by commas, such as: surname, left(postcode, 4)")));
}

/*
 * Walks a raw expression: refuses what reaches beyond the row, and collects the
 * names of columns in a list of strings.
 */
static bool
inspect(Node *node, List **columns)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SubLink:
		case T_SelectStmt:
			refuse("a subquery");
			break;
		case T_ParamRef:
			refuse("a parameter");
			break;
		case T_FuncCall:
			if (((FuncCall *) node)->over || ((FuncCall *) node)->agg_star ||
				((FuncCall *) node)->agg_order || ((FuncCall *) node)->agg_filter ||
				((FuncCall *) node)->agg_distinct)
				refuse("an aggregate");
			break;
		case T_ColumnRef:
			{
				List	   *fields = ((ColumnRef *) node)->fields;

				if (list_length(fields) != 1 || !IsA(linitial(fields), String))
					refuse("a qualified column or a star");
				*columns = list_append_unique(*columns, linitial(fields));
				return false;
			}
		default:
			break;
	}
	return raw_expression_tree_walker(node, inspect, columns);
}

/*
 * Places of the parser's errors are places in the list, not in the query that
 * runs; a syntax error does not repeat a word of what may be anything.
 */
static void
place_error(void *source)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source);
	}
	if (geterrcode() == ERRCODE_SYNTAX_ERROR)
		errmsg("syntax error in a list of expressions");
}

static void
push_error_place(ErrorContextCallback *callback, const char *source)
{
	callback->callback = place_error;
	callback->arg = unconstify(char *, source);
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

/*
 * Parses a list of expressions into ResTargets, and collects its columns.
 */
static List *
parse_list(const char *text, List **columns)
{
	SelectStmt *statement;
	SelectStmt	bare = {0};
	ErrorContextCallback callback;
	List	   *parsed;
	ListCell   *cell;

	if (strlen(text) > MAX_EXPRESSION_LENGTH)
		refuse("a text of more than 10,000 bytes");
	if (strstr(text, "--") || strstr(text, "/*"))
		refuse("a comment");
	if (text[strspn(text, " \t\r\n\f\v")] == '\0')
		refuse("an empty list");
	push_error_place(&callback, text);
	parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	error_context_stack = callback.previous;
	statement = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);

	/* whatever is not a bare list of targets makes the statement differ */
	bare.type = T_SelectStmt;
	bare.targetList = statement->targetList;
	bare.limitOption = statement->limitOption;
	if (statement->targetList == NIL)
		refuse("an empty list");
	if (!equal(statement, &bare))
		refuse("a clause of a query");
	foreach(cell, statement->targetList)
	{
		ResTarget  *target = lfirst_node(ResTarget, cell);

		if (target->name || target->indirection)
			refuse("a name of a result");
		inspect(target->val, columns);
	}
	return statement->targetList;
}

/*
 * Text of a list's expression: from its place to the comma before the next.
 */
static Datum
expression_text(const char *source, const List *targets, int number)
{
	int			start = list_nth_node(ResTarget, targets, number)->location;
	bool		is_last = number == list_length(targets) - 1;
	int			end = is_last ? (int) strlen(source) :
	list_nth_node(ResTarget, targets, number + 1)->location;

	if (!is_last)
	{
		while (end > start && source[end - 1] != ',')
			end--;
		end--;
	}
	while (end > start && strchr(" \t\r\n\f\v", source[end - 1]))
		end--;
	return PointerGetDatum(cstring_to_text_with_len(source + start, end - start));
}

/*
 * _split_expressions(expressions text) returns text[]
 *
 * 42601 for anything else than a list of expressions over a row's columns.
 */
Datum
patternos_split_expressions(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	List	   *columns = NIL;
	List	   *targets = parse_list(source, &columns);
	Datum	   *items = palloc(list_length(targets) * sizeof(Datum));

	for (int i = 0; i < list_length(targets); i++)
		items[i] = expression_text(source, targets, i);
	PG_RETURN_ARRAYTYPE_P(construct_array(items, list_length(targets), TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * _expression_columns(expressions text) returns text[]
 *
 * Names of the columns in a list of expressions, each once.
 */
Datum
patternos_expression_columns(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	List	   *columns = NIL;
	Datum	   *items;
	ListCell   *cell;

	parse_list(source, &columns);
	items = palloc((list_length(columns) + 1) * sizeof(Datum));
	foreach(cell, columns)
		items[foreach_current_index(cell)] = CStringGetTextDatum(strVal(lfirst(cell)));
	PG_RETURN_ARRAYTYPE_P(construct_array(items, list_length(columns), TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * _expression_types(relation regclass, expressions text) returns regtype[]
 *
 * Types of a list of expressions over a relation.  Errors are the parser's own;
 * 42P17 for what is volatile.
 */
Datum
patternos_expression_types(PG_FUNCTION_ARGS)
{
	Relation	relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(1));
	List	   *columns = NIL;
	List	   *targets = parse_list(source, &columns);
	Datum	   *types = palloc(list_length(targets) * sizeof(Datum));
	ParseState *state = make_parsestate(NULL);
	ErrorContextCallback callback;
	ListCell   *cell;

	state->p_sourcetext = source;
	push_error_place(&callback, source);
	addNSItemToQuery(state, addRangeTableEntryForRelation(state, relation, AccessShareLock, NULL, false, true),
					 false, true, true);
	foreach(cell, targets)
	{
		Node	   *expression = transformExpr(state, lfirst_node(ResTarget, cell)->val,
											   EXPR_KIND_INDEX_EXPRESSION);

		if (exprType(expression) == UNKNOWNOID)
			expression = coerce_type(state, expression, UNKNOWNOID, TEXTOID, -1,
									 COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
		assign_expr_collations(state, expression);
		if (contain_volatile_functions(expression))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("a volatile function is not allowed in an expression of a match model")));
		types[foreach_current_index(cell)] = ObjectIdGetDatum(exprType(expression));
	}
	error_context_stack = callback.previous;
	free_parsestate(state);
	table_close(relation, NoLock);
	PG_RETURN_ARRAYTYPE_P(construct_array(types, list_length(targets), REGTYPEOID, sizeof(Oid), true, TYPALIGN_INT));
}

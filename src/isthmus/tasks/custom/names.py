"""Names of arrays and columns: what a range stands for, and which are x, y and the rest."""

from isthmus.config.description import RANGE, Description, Names
from isthmus.errors import InputError
from isthmus.tasks.custom.column_facts import as_number
from isthmus.tasks.custom.contents import Contents, Table
from isthmus.tasks.custom.roles import roles


def each(names: Names | None) -> tuple[str, ...]:
    """Return no, one or several names as a tuple."""
    return () if names is None else (names,) if isinstance(names, str) else names


def expanded(names: Names, contents: Contents) -> Names:
    """Return names with ranges in place: by number where columns are called by numbers, else by place.

    Raises:
        InputError: If a range holds no name, or begins or ends with a name that there is not.
    """
    found: list[str] = []
    for name in each(names):
        found += [name] if name in contents.names or RANGE not in name else _range(name, contents)
    return found[0] if isinstance(names, str) and found == [names] else tuple(found)


def _range(text: str, contents: Contents) -> list[str]:
    """Return the names in a range."""
    first, _, last = (part.strip() for part in text.partition(RANGE))
    low, high = as_number(first), as_number(last)
    if low is not None and high is not None:
        numbers = {name: as_number(name) for name in contents.names}
        found = [name for name, number in numbers.items() if number is not None and low <= number <= high]
    else:
        for name in (first, last):
            if name not in contents.names:
                raise contents.unknown(name)
        places = [contents.names.index(name) for name in (first, last)]
        found = list(contents.names[min(places) : max(places) + 1])
    if not found:
        raise InputError(
            f"no {contents.item} of '{contents.path}' lies in '{text}'", kind="unknown", key=text
        )
    return found


def validation_names(contents: Contents) -> tuple[str, str] | None:
    """Return the names of validation data as they are written, if both are there."""
    found = roles(contents.names)
    return (found["x_val"], found["y_val"]) if {"x_val", "y_val"} <= found.keys() else None


def shortened(names: Names, contents: Contents) -> Names:
    """Return many columns that stand one after the other as a range."""
    all_names, listed = contents.names, each(names)
    if len(listed) < 4 or listed[0] not in all_names:
        return names
    start = all_names.index(listed[0])
    return f"{listed[0]}{RANGE}{listed[-1]}" if all_names[start : start + len(listed)] == listed else names


def with_names(description: Description, contents: Contents) -> Description:
    """Return the description with x, y, ids and what is left out by their names.

    Raises:
        InputError: If a name is missing, has two roles, or nothing is left for x.
    """
    drop = each(expanded(description.drop, contents)) if description.drop else ()
    y = contents.default_y() if description.y is None else expanded(description.y, contents)
    if description.y is None and isinstance(contents, Table):  # the last column that is kept
        y = next((name for name in reversed(contents.columns) if name not in drop), y)
    beside = (description.id, description.group, description.time, description.weight)
    others = {*drop, *(name for name in beside if name is not None)}
    for name in others:
        if name not in contents.names:
            raise contents.unknown(name)
    if description.x is not None:
        x = expanded(description.x, contents)
        x = each(x) if isinstance(contents, Table) else x  # one column is a series, too
        if drop:
            x = tuple(name for name in each(x) if name not in drop) or x
    else:
        x = contents.default_x(y)
        if isinstance(contents, Table):
            x = tuple(name for name in each(x) if name not in others)
            if not x:
                raise InputError(
                    f"'{contents.path}' has no columns left for x; give --x, or fewer in --drop",
                    kind="missing",
                    key="x",
                )
    if shared := set(each(x)) & set(each(y)):
        raise InputError(
            f"'{min(shared)}' of '{contents.path}' is both x and y; it can be one of them",
            kind="conflict",
            key=min(shared),
        )
    own_id = description.id or contents.default_id()
    return description.model_copy(update={"x": x, "y": y, "drop": drop, "id": own_id})

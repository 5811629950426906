import pytest

from fabricate_recipe import fabricate_own_recipe, tiny_ensemble, tiny_recipe
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.recipe_file import is_own_recipe, own_recipe

ENSEMBLE = "from fabricate_recipe import tiny_ensemble\ndef recipe(weights):\n    return tiny_ensemble(start=weights)\n"


def load(path):
    return own_recipe(path, starting_weights=RandomWeights())


def test_a_file_with_a_function_recipe_is_a_recipe(tmp_path):
    assert load(fabricate_own_recipe(tmp_path)) == tiny_recipe()


def test_the_file_may_import_from_its_own_folder(tmp_path):
    (tmp_path / "beside_it.py").write_text("from fabricate_recipe import tiny_recipe\n")
    path = tmp_path / "mine.py"
    path.write_text("from beside_it import tiny_recipe\ndef recipe(starting_weights):\n    return tiny_recipe()\n")
    assert load(path) == tiny_recipe()


def test_the_recipe_may_be_that_of_an_ensemble(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ENSEMBLE)
    assert load(path) == tiny_ensemble()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", r"must define a function recipe\(starting_weights\); found: none"),
        ("recipe = 3\n", r"must define a function recipe\(starting_weights\); found: int"),
        ("def recipe(w):\n    return 3\n", r"must return a Recipe or an EnsembleRecipe, not int"),
        ("def recipe(w):\n    return 1 / 0\n", r"its recipe\(\) raised ZeroDivisionError: division by zero \(line 2\)"),
        ("def recipe():\n    return 1\n", r"raised TypeError: recipe\(\) takes 0 positional"),
        ("import nothing_like_this\n", r"cannot be run: ModuleNotFoundError: .*nothing_like_this.* \(line 1\)"),
        ("def recipe(w:\n", r"cannot be run: SyntaxError: .* \(line 1\)"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_one_line_that_names_its_line(tmp_path, text, said):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as refused:
        load(path)
    assert "\n" not in str(refused.value)
    assert "mine.py" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"There is no recipe file .*absent\.py"):
        load(tmp_path / "absent.py")


def test_only_python_files_are_recipes_of_ones_own():
    assert is_own_recipe("a/b.py")
    assert not is_own_recipe("pneumonia")

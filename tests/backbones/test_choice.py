"""Options that name a backbone."""

from beholder.backbones.choice import choose


def test_layers_are_joined_or_listed() -> None:
    joined = choose("vgg16", "relu1_2+relu2_2", None)
    assert joined == choose("vgg16", ["relu1_2", "relu2_2"], None)
    assert joined.cards == ("vgg16",)


def test_own_weights_need_no_card() -> None:
    assert choose("vgg16", "relu1_2", "mine.pth").cards == ()
    assert choose("timm:resnet18", "layer1", None).cards == ()

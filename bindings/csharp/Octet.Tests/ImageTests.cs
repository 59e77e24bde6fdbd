using Xunit;

namespace Octet.Tests;

public class ImageTests
{
    private static readonly Recipe s_recipe = Recipe.FromConfig(Data.Config);

    [Fact]
    public void DecodesFilesAndBytes()
    {
        using Image fromFile = Image.Load(Data.Picture);
        using Image fromBytes = Image.Decode(File.ReadAllBytes(Data.Picture), "0001.png");
        Pixels pixels = fromFile.Pixels;
        Assert.Equal((64, 64, PixelFormat.Rgb), (pixels.Width, pixels.Height, pixels.Format));
        Assert.Equal(64 * 64 * 3, pixels.Data.Length);
        Assert.True(pixels.Data.SequenceEqual(fromBytes.Pixels.Data));

        using Image turned = Image.Load(Data.Picture, PixelFormat.Bgr);
        Assert.Equal(pixels.Data[0], turned.Pixels.Data[2]);
        Assert.Equal(pixels.Data[2], turned.Pixels.Data[0]);
    }

    [Fact]
    public void UnreadableImagesAreErrors()
    {
        Assert.Equal(Status.IO, Assert.Throws<OctetException>(() => Image.Load("/no/such.png")).Status);
        OctetException broken = Assert.Throws<OctetException>(() => Image.Decode("no image"u8, "broken.png"));
        Assert.Contains("broken.png", broken.Message);
    }

    [Fact]
    public void PixelsOfTheCallerGiveWhatADecodedImageGives()
    {
        using Model model = Model.Load(Data.Shapes);
        using Session session = model.CreateSession();
        using Image image = Image.Load(Data.Picture);
        float[] input = new float[3 * 64 * 64], expected = new float[16], output = new float[16];
        image.Pixels.ToInput(model, input, recipe: s_recipe);
        Assert.Equal((image.Pixels.Data[0] - 127.5f) * 0.00784314f, input[0], 1e-6f);
        session.Run(input, expected);

        session.RunImage(image.Pixels, output, s_recipe);
        Assert.Equal(expected, output);

        // As a camera gives them: four channels the other way round, rows with a gap.
        byte[] camera = new byte[64 * 300];
        for (int y = 0; y < 64; ++y)
        {
            for (int x = 0; x < 64; ++x)
            {
                ReadOnlySpan<byte> pixel = image.Pixels.Data.Slice(((y * 64) + x) * 3, 3);
                for (int c = 0; c < 3; ++c) camera[(y * 300) + (x * 4) + c] = pixel[2 - c];
            }
        }
        float[] second = new float[16];
        session.RunImage(new Pixels(camera, 64, 64, PixelFormat.Bgra, 300), [second], s_recipe);
        Assert.Equal(expected, second);
        Assert.Equal(
            Status.Argument,
            Assert.Throws<OctetException>(
                () => session.RunImage(new Pixels(camera, 64, 65, PixelFormat.Bgra, 300), output, s_recipe)).Status);
    }

    [Fact]
    public void AStoredRecipeNeedsNotBeGiven()
    {
        using Model network = Model.Load(Data.Shapes);
        using Session floatSession = network.CreateSession();
        using Image image = Image.Load(Data.Picture);
        float[] output = new float[16], given = new float[16];
        OctetException none = Assert.Throws<OctetException>(() => floatSession.RunImage(image.Pixels, output));
        Assert.Equal(Status.Data, none.Status);

        using Model model = Data.LoadInt8();
        using Session session = model.CreateSession();
        session.RunImage(image.Pixels, output);
        session.RunImage(image.Pixels, given, s_recipe);
        Assert.Equal(output, given);
        Assert.Equal(0, Array.IndexOf(output, output.Max())); // 0001.png shows a zero
    }

    [Fact]
    public void MapsTheInputBackToThePicture()
    {
        using Model model = Model.Load(Data.Shapes);
        Pixels pixels = new(new byte[200 * 100], 200, 100, PixelFormat.Gray);
        PixelMapping stretch = pixels.GetMapping(model, recipe: s_recipe);
        Assert.Equal((0f, 0f, 200f, 100f), (stretch.X(0), stretch.Y(0), stretch.X(64), stretch.Y(64)));
        PixelMapping letterbox = pixels.GetMapping(model, recipe: s_recipe with { Fit = ImageFit.Letterbox });
        Assert.Equal((0f, -50f, 200f, 150f), (letterbox.X(0), letterbox.Y(0), letterbox.X(64), letterbox.Y(64)));
    }

    [Fact]
    public void RecipesComeFromConfigurations()
    {
        Recipe recipe = Recipe.FromJson(
            """
            {"format": "BGR", "mean": [1, 2, 3], "normal": [4, 5, 6], "resize": {"mode": "crop", "shorter_side": 9}}
            """);
        Assert.Equal((PixelFormat.Bgr, ImageFit.Crop, 9), (recipe.Format, recipe.Fit, recipe.ShorterSide));
        Assert.Equal((1f, 2f, 3f), (recipe.Mean.X, recipe.Mean.Y, recipe.Mean.Z));
        Assert.Equal(Status.Config, Assert.Throws<OctetException>(() => Recipe.FromJson("{")).Status);
        Assert.Equal(Status.IO, Assert.Throws<OctetException>(() => Recipe.FromConfig("/no/such.json")).Status);
    }
}

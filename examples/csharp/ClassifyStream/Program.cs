// Classifies a stream of frames, as of a camera, with several sessions at once: one model, a session for each thread.
//
//   dotnet run -c Release --project ClassifyStream [model] [sessions] [frames]
//
// Frames are the test pictures, shifted by a few pixels from one to the next. They wait in a short queue, from which
// each thread takes the next one as soon as it is free.
using System.Diagnostics;
using System.Threading.Channels;
using Octet;

string file = args.ElementAtOrDefault(0) ?? "../models/shapes.onnx";
int sessions = int.Parse(args.ElementAtOrDefault(1) ?? "2");
int frames = int.Parse(args.ElementAtOrDefault(2) ?? "2000");

using Model model = Model.Load(file);
// An int8 model knows how pictures are prepared; for the float one it stands in the configuration.
Recipe recipe = model.Recipe ?? Recipe.FromConfig("../models/quantize.json");
int classes = (int)model.Outputs[0].ElementCount;
Camera camera = new("../models/test");

Channel<Frame> queue = Channel.CreateBounded<Frame>(2 * sessions);
int[] seen = new int[classes];
Stopwatch watch = Stopwatch.StartNew();
Task[] workers = Enumerable.Range(0, sessions).Select(_ => Task.Run(Classify)).ToArray();
for (int i = 0; i < frames; ++i) await queue.Writer.WriteAsync(camera.Take(i));
queue.Writer.Complete();
await Task.WhenAll(workers);

Console.WriteLine($"{frames} frames, {sessions} sessions: {frames / watch.Elapsed.TotalSeconds:0} frames per second");
foreach ((int count, int index) in seen.Select((count, index) => (count, index)).OrderDescending().Take(3))
{
    Console.WriteLine($"class {index}: {count} frames");
}

async Task Classify()
{
    using Session session = model.CreateSession();
    float[] scores = new float[classes];
    await foreach (Frame frame in queue.Reader.ReadAllAsync())
    {
        // From where the frame lies; neither this call nor the library allocates.
        session.RunImage(frame.Pixels, scores, recipe);
        Interlocked.Increment(ref seen[Array.IndexOf(scores, scores.Max())]);
    }
}

/// <summary>A part of a picture, without a copy of its pixels.</summary>
internal readonly record struct Frame(byte[] Picture, int Offset, int Width, int Height, int RowStride)
{
    public Pixels Pixels => new(Picture.AsSpan(Offset), Width, Height, PixelFormat.Rgb, RowStride);
}

/// <summary>Gives frames: the pictures of a folder one after another, with the view moving to and fro.</summary>
internal sealed class Camera
{
    private const int Motion = 6; // pixels

    private readonly List<Frame> _pictures = [];

    public Camera(string folder)
    {
        foreach (string file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            using Image image = Image.Load(file);
            Pixels pixels = image.Pixels;
            _pictures.Add(new Frame(pixels.Data.ToArray(), 0, pixels.Width, pixels.Height, pixels.Width * 3));
        }
    }

    public Frame Take(int index)
    {
        Frame picture = _pictures[index % _pictures.Count];
        int x = index % (Motion + 1), y = index / 3 % (Motion + 1);
        return picture with
        {
            Offset = (y * picture.RowStride) + (x * 3),
            Width = picture.Width - Motion,
            Height = picture.Height - Motion,
        };
    }
}
